import type { Candidate, Dependency, PlacementRequest, PortBinding } from "../../../src/scheduler/types.ts";
import { GiB, request } from "../builders.ts";
import { ADDRESSES, NAMES, PORTS, RACKS, TAGS, type Dice } from "./random-node.ts";

/** A request of one or several rules; about half of them can be met. */
export function randomRequest(dice: Dice, nodes: readonly Candidate[]): PlacementRequest {
  const list = (make: () => string): string[] => (dice.happens(0.35) ? [...dice.some(1, make), make()] : []);
  const hostNetwork = dice.happens(0.15);
  const someNode = (): Candidate => dice.of(nodes);
  return request({
    affinities: list(() => affinity(dice, someNode())),
    constraints: list(() => constraint(dice, someNode())),
    whitelists: list(() => `node==${soft(dice)}${dice.some(40, () => someNode().name).join("|") || "x"}`),
    hostNetwork,
    exposedPorts: hostNetwork ? dice.some(2, () => dice.of(["80/tcp", "80", "443/tcp"])) : [],
    portBindings: hostNetwork || dice.happens(0.6) ? [] : dice.some(3, () => binding(dice)),
    dependencies: dice.happens(0.15) ? [dependency(dice, someNode())] : [],
    memoryBytes: dice.of([0, 0, GiB, 3 * GiB, 6 * GiB]),
    cpus: dice.of([0, 0, 1, 3]),
    requiredImages: dice.happens(0.1) ? [dice.of(TAGS), "a@sha256:1"] : [],
    localNetworks: dice.happens(0.1) ? [{ name: "net", nodes: new Map(dice.some(3, () => { const { addr, name } = someNode(); return [addr, name] as const; })) }] : [], // prettier-ignore
    excludedEngines: new Set(dice.happens(0.2) ? dice.some(4, () => someNode().id) : []),
    anyAvailability: dice.happens(0.3),
  });
}

const soft = (dice: Dice): string => (dice.happens(0.2) ? "~" : "");
const operator = (dice: Dice): string => `${dice.of(["==", "==", "!="])}${soft(dice)}`;

function affinity(dice: Dice, node: Candidate): string {
  const [first] = [...node.containers];
  const name = dice.of(NAMES);
  const own = dice.of([first?.id ?? "x", first?.id.slice(0, 12) ?? "x", first?.swarmId ?? "x"]) || "x";
  // prettier-ignore
  const [key, values] = dice.of([
    ["container", [name, own, `${node.name}/${name}`, "web*", "*e*", "*/w*", "/^w/", "/node-.*\\/web/", "l2/al", "nobody"]],
    ["image", [dice.of(TAGS), "redis", "redis*", "/^red/", "busybox", "b@sha256:1", "nothing"]],
    ["tier", ["front", "back", "f*", "/o/", "*"]],
    ["no.such", ["*", "x"]],
  ] as const);
  return `${key}${operator(dice)}${dice.of(values)}`;
}

function constraint(dice: Dice, node: Candidate): string {
  // prettier-ignore
  const [key, values] = dice.of([
    ["node", [node.name, node.id, node.addr, node.engineId, "node-1*", "/[0-9]$/", "nobody"]],
    ["rack", [dice.of(RACKS) || "x", "r*", "/r1|web/", "*"]],
    ["nolabel", ["x", "*"]],
  ] as const);
  return `${key}${operator(dice)}${dice.of(values).replace("|10.", "-10.")}`;
}

function binding(dice: Dice): PortBinding {
  const containerPort = dice.of(["80/tcp", "80/udp", "80"]);
  return { containerPort, hostIp: dice.of(ADDRESSES), hostPort: dice.of([...PORTS, ""]) };
}

function dependency(dice: Dice, node: Candidate): Dependency {
  const [first] = [...node.containers];
  const id = dice.of([first?.id, first?.swarmId]) ?? "";
  const name = first?.names[0] ?? "web";
  const reference = dice.of([
    id,
    id.slice(0, 12),
    id.slice(0, 2),
    name,
    `/${name}`,
    `${node.name}/${name}`,
    "d",
    "",
  ]);
  return { kind: "link", raw: `${reference}:x`, reference };
}
