import type {
  CandidateContainer,
  CandidateImage,
  Facts,
  HostModePort,
  UsedPort,
} from "../../../src/scheduler/types.ts";
import type { PoolCandidate } from "../../../src/scheduler/pool/pool-candidate.ts";
import { candidate, container, GiB, image, used } from "../builders.ts";

/** Draws: a number in [0, n), one of a list, whether something with this probability happens. */
export class Dice {
  readonly #random: () => number;
  constructor(random: () => number) {
    this.#random = random;
  }
  below(n: number): number {
    return Math.floor(this.#random() * n);
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  happens(probability: number): boolean {
    return this.#random() < probability;
  }
  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }
}

export const HEX: readonly string[] = Array.from({ length: 16 }, (_, digit) => digit.toString(16));
export const RACKS = ["r1", "r2", "", "web"];
export const NAMES = ["web", "db", "web-1", "web-2", "d", "cache", "n1", "node-3/web"];
export const TAGS = ["busybox:latest", "redis:6", "redis:7", "reg.io:5000/app/api:2.1"];
export const PORTS = ["80", "8080", "443", "8000-8002", "8001"];
export const ADDRESSES = ["", "0.0.0.0", "10.0.0.1", "10.0.0.2"];

/** A node that changes at random and, unless it is told to keep silent, says so. */
export interface RandomNode extends PoolCandidate {
  mutate(): void;
}

interface Held {
  readonly container: CandidateContainer;
  readonly usedPorts: readonly UsedPort[];
  readonly hostModePorts: readonly HostModePort[];
  readonly memoryBytes: number;
}

/** @param index makes address and ID its own; names may be shared with others */
export function randomNode(dice: Dice, index: number): RandomNode {
  let held: readonly Held[] = [];
  let changed: (facts: Facts) => void = () => undefined;
  const sum = (): number => held.reduce((total, { memoryBytes }) => total + memoryBytes, 0);
  const node = {
    ...candidate({
      name: `node-${index}`,
      addr: `10.0.1.${index}:2375`,
      id: `E${index}|10.0.1.${index}:2375`,
    }),
    engineId: `E${index}`,
    takesPart: true,
    hasReservations: false,
    watch: (listener: typeof changed) => void (changed = listener),
    mutate,
  };
  function hold(next: readonly Held[]): void {
    held = next;
    node.containers = held.map((each) => each.container);
    node.usedPorts = held.flatMap((each) => each.usedPorts);
    node.hostModePorts = held.flatMap((each) => each.hostModePorts);
    node.containerCount = held.length;
    node.usedMemoryBytes = sum();
    node.usedCpus = held.length % 3;
    node.hasReservations = held.some(({ container: { pending } }) => pending);
    const parts = { containers: [...node.containers], name: node.name, engineId: node.engineId };
    node.hasContainer = candidate(parts).hasContainer;
    changed("containers");
  }
  function mutate(): void {
    switch (dice.below(9)) {
      case 0:
        node.labels = new Map(dice.happens(0.8) ? [["rack", dice.of(RACKS)], ["containerslots", dice.of(["2", "9", "x"])]] : []); // prettier-ignore
        break;
      case 1:
        node.healthIndicator = dice.of([0, 34, 100, 100, 100]);
        break;
      case 2:
        node.availability = dice.of(["active", "active", "active", "pause", "drain"]);
        break;
      case 3:
        node.takesPart = dice.happens(0.8);
        break;
      case 4:
        if (dice.happens(0.2)) node.name = dice.of([`node-${index}`, `n${index}`, "twin"]);
        node.totalMemoryBytes = dice.of([4, 8]) * GiB;
        hold(held);
        break;
      case 5:
        node.images = dice.some(3, (): CandidateImage => image(dice.of(HEX), [dice.of(TAGS)], [`${dice.of(["a", "b"])}@sha256:1`])); // prettier-ignore
        changed("images");
        return;
      case 6:
        hold(held.filter(() => dice.happens(0.7)));
        return;
      default:
        hold([...held, randomHeld(dice)]);
        return;
    }
    changed("node");
  }
  for (let i = dice.below(6); i > 0; i -= 1) mutate();
  return node;
}

function randomHeld(dice: Dice): Held {
  const pending = dice.happens(0.2);
  const id = dice.some(40, () => dice.of(HEX)).join("") || "a";
  const name = dice.happens(0.9) ? dice.of(NAMES) : "";
  const hostMode = dice.happens(0.2);
  return {
    container: container(name, {
      id,
      pending,
      swarmId: dice.happens(0.5) ? dice.some(20, () => dice.of(HEX)).join("") : "",
      labels: dice.happens(0.5) ? { tier: dice.of(["front", "back", ""]) } : {},
      aliases: dice.happens(0.2) ? ["l2/al"] : [],
    }),
    usedPorts: hostMode ? [] : dice.some(2, () => used(dice.of(["80/tcp", "80/udp"]), `${dice.of(ADDRESSES)}:${dice.of(PORTS)}`, name)), // prettier-ignore
    hostModePorts: hostMode ? [{ key: dice.of(["80/tcp", "80", "443/tcp"]), pending, holder: name }] : [],
    memoryBytes: dice.of([0, 0, GiB]),
  };
}
