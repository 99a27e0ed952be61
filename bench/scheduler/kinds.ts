import { EMPTY_REQUEST } from "../../src/scheduler/empty-request.ts";
import type { PlacementRequest } from "../../src/scheduler/types.ts";
import { RACKS, type SchedulerWorld } from "./world.ts";

/** One kind of rule, and the requests of that kind. */
export interface Kind {
  readonly name: string;
  readonly request: (number: number, world: SchedulerWorld) => Partial<PlacementRequest>;
  /** Every request of this kind is refused. */
  readonly refused?: boolean;
}

const MIB = 2 ** 20;
const rack = (number: number): string => `rack==r${number % RACKS}`;
const port = (hostPort: number) => [{ containerPort: "80/tcp", hostIp: "", hostPort: `${hostPort}` }];
const link = (reference: string) => [{ kind: "link", raw: `${reference}:x`, reference }] as const;

export const KINDS: readonly Kind[] = [
  { name: "no rule", request: () => ({}) },
  { name: "port", request: (number) => ({ portBindings: port(30_000 + (number % 97)) }) },
  { name: "port, each another", request: (number) => ({ portBindings: port(1_024 + (number % 28_000)) }) },
  { name: "memory and CPUs", request: () => ({ memoryBytes: 64 * MIB, cpus: 1 }) },
  { name: "constraint ==", request: (number) => ({ constraints: [rack(number)] }) },
  { name: "constraint !=", request: (number) => ({ constraints: [`rack!=r${number % RACKS}`] }) },
  { name: "constraint glob", request: (number) => ({ constraints: [`rack==r1${number % 2}*`] }) },
  { name: "constraint regex", request: (number) => ({ constraints: [`rack==/^r[${number % 8}-9]/`] }) },
  { name: "constraint node==", request: (number, { engines }) => ({ constraints: [`node==node-${number % engines.length}`] }) },
  { name: "affinity container==", request: (number, world) => ({ affinities: [`container==${world.someName(number * 7)}`] }) },
  { name: "affinity container!=", request: (number, world) => ({ affinities: [`container!=${world.someName(number * 7)}`] }) },
  { name: "affinity container glob", request: (number) => ({ affinities: [`container==web-${number % 20}*`] }) },
  { name: "affinity container regex", request: (number) => ({ affinities: [`container!=/^web-${number % 20}7/`] }) },
  { name: "affinity image==", request: () => ({ affinities: ["image==redis"] }) },
  { name: "affinity image glob", request: () => ({ affinities: ["image==post*"] }) },
  { name: "affinity label==", request: () => ({ affinities: ["tier==front"] }) },
  { name: "affinity label!=, none such", request: (number) => ({ affinities: [`app!=a${number % 500}`] }) },
  { name: "affinity, soft, given up", request: () => ({ affinities: ["container==~nobody"] }) },
  { name: "dependency by name", request: (number, world) => ({ dependencies: link(world.someName(number * 7)) }) },
  { name: "dependency by short ID", request: (number, world) => ({ dependencies: link(world.someId(number * 7).slice(0, 12)) }) },
  { name: "dependency by two digits", request: (_, world) => ({ dependencies: link(world.someId(0).slice(0, 2)) }) },
  { name: "whitelist", request: (number, { engines }) => ({ whitelists: [`node==node-${number % engines.length}|node-1|node-2`] }) },
  { name: "constraint + affinity", request: (number) => ({ constraints: [rack(number)], affinities: [`container!=web-${number % 20}*`] }) },
  {
    name: "six rules together",
    request: (number, world) => ({
      constraints: ["rack!=r1", "zone!=/^north/"],
      affinities: [`container!=${world.someName(number)}`, "image==~busybox"],
      portBindings: port(1_024 + (number % 28_000)),
      memoryBytes: 64 * MIB,
      whitelists: ["node==node-1|node-5|node-40|node-60|node-77|node-96|node-98"],
    }),
  },
  { name: "refused, with explanation", request: () => ({ constraints: ["rack==mars"] }), refused: true },
  { name: "refused, four rules", request: (number, world) => ({ constraints: ["rack==mars"], affinities: ["container==nobody"], dependencies: link(world.someName(number)), portBindings: port(30_001) }), refused: true },
]; // prettier-ignore

export const requestOf = (kind: Kind, number: number, world: SchedulerWorld): PlacementRequest => ({
  ...EMPTY_REQUEST,
  name: kind.refused === true ? "" : `new-${number}`,
  ...kind.request(number, world),
});
