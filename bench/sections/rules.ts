import type { FleetContainer } from "../fleet-process/protocol.ts";
import { workloadEngine } from "../fleet/workload.ts";

/** A create as a client sends it. */
export interface CreateRequest {
  /** `""`: the engine finds one. */
  readonly name: string;
  readonly body: object;
}

/** One kind of rule that creates are measured under. */
export interface Rule {
  readonly name: string;
  /** The create of this number. @param some a container of the fleet, another one for each number */
  request(number: number, some: FleetContainer): CreateRequest;
  /** Whether a container of that number may be on this engine. */
  allows?(engine: number, number: number, some: FleetContainer): boolean;
}

/** Marks what a benchmark made; the fleet removes it by this label's name. */
export const BENCH_LABEL = "bench";

const body = (
  more: { Env?: readonly string[]; HostConfig?: object; ExposedPorts?: object } = {},
): Record<string, unknown> => ({
  Image: "busybox",
  Cmd: ["sleep", "infinity"],
  Labels: { [BENCH_LABEL]: "1" },
  ...more,
});

const plain = (number: number): string => `bench-${number}`;
const withEnv = (name: string, ...Env: readonly string[]): CreateRequest => ({ name, body: body({ Env }) });
const labelsOf = (engine: number): Readonly<Record<string, string>> =>
  workloadEngine(engine, 0).labels as Readonly<Record<string, string>>;

/** A create with a name and nothing else. */
export const named = (number: number): CreateRequest => ({ name: plain(number), body: body() });

/** How many ports the creates with ports share: fewer than engines, so that each port is wanted again and again. */
const PORTS = 40;

export const RULES: readonly Rule[] = [
  { name: "name given", request: named },
  { name: "no rule, no name", request: () => ({ name: "", body: body() }) },
  {
    name: "constraint ==",
    request: (number) => withEnv(plain(number), "constraint:region==us-east"),
    allows: (engine) => labelsOf(engine).region === "us-east",
  },
  {
    name: "constraint regex",
    request: (number) => withEnv(plain(number), "constraint:rack==/^rack-[0-9]$/"),
    allows: (engine) => /^rack-[0-9]$/.test(labelsOf(engine).rack ?? ""),
  },
  {
    name: "affinity container",
    request: (number, { name }) => withEnv(plain(number), `affinity:container==${name}`),
    allows: (engine, _number, some) => engine === some.engine,
  },
  {
    name: "affinity label, soft",
    request: (number) => withEnv(plain(number), "affinity:tier==~batch"),
  },
  {
    name: "affinity image",
    request: (number) => withEnv(plain(number), "affinity:image==redis:7"),
  },
  {
    name: "published port",
    request: (number) => {
      const port = String(30_000 + (number % PORTS));
      const HostConfig = { PortBindings: { "80/tcp": [{ HostIp: "", HostPort: port }] } };
      return { name: plain(number), body: body({ ExposedPorts: { "80/tcp": {} }, HostConfig }) };
    },
  },
  {
    name: "memory and cpus",
    request: (number) => ({
      name: plain(number),
      body: body({ HostConfig: { Memory: 64 * 1024 ** 2, NanoCpus: 10_000_000 } }),
    }),
  },
];
