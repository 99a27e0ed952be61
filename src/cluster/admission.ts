import type { Logger } from "pino";
import { MultiMap } from "./multi-map.ts";
import { messages } from "../telemetry/messages.ts";
import type { Engine } from "./engine.ts";
import { DuplicateEngineError, EngineRefusedError } from "./engine-specs.ts";
import { compareDaemons, type Sameness } from "./one-daemon.ts";

/** Two admitted engines with one ID, and what an operator should know about it. */
interface Clones {
  readonly pair: readonly [Engine, Engine];
  readonly text: string;
}

/** Decides whether an engine may take part, given those that do already (spec: node-lifecycle.md §3.4, §7.3). */
export class Admission {
  readonly #log: Logger;
  /** One decision at a time per engine ID: two addresses of one daemon often arrive together. */
  readonly #deciding = new Map<string, Promise<void>>();
  /** What the log said of an address last; an operator needs it once. */
  readonly #reported = new Map<string, string>();
  #clones: readonly Clones[] = [];
  /** Engines that were admitted, by the ID they had then: they may have another by now, or take part no more. */
  readonly #admitted = new MultiMap<string, Engine>();
  readonly #admittedAs = new Map<Engine, string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** For `docker info`: clones that were admitted. */
  get warnings(): readonly string[] {
    return this.#clones.map(({ text }) => text);
  }

  /** The engine is gone. */
  forget(engine: Engine): void {
    this.#endWarnings(engine);
    const engineId = this.#admittedAs.get(engine);
    if (engineId === undefined) return;
    this.#admittedAs.delete(engine);
    this.#admitted.remove(engineId, engine);
  }

  /** The address is no longer in discovery. */
  forgetAddress(addr: string): void {
    this.#reported.delete(addr);
  }

  /**
   * Resolves when the engine takes part.
   * @param join makes it take part, in the same turn as the decision: the next one sees it
   * @throws EngineRefusedError with the text for its Error row
   */
  async admit(engine: Engine, join: () => void): Promise<void> {
    const { engineId } = engine;
    const previous = this.#deciding.get(engineId) ?? Promise.resolve();
    const decision = previous.then(async () => {
      await this.#decide(engine);
      join();
      this.#note(engine, engineId);
    });
    const settled = decision.catch(() => undefined);
    this.#deciding.set(engineId, settled);
    try {
      await decision;
    } finally {
      if (this.#deciding.get(engineId) === settled) this.#deciding.delete(engineId);
    }
  }

  async #decide(engine: Engine): Promise<void> {
    this.#endWarnings(engine);
    const judged = new Set<Engine>([engine]);
    // Looking takes time, in which engines come, go and change: after each look, look around again.
    const next = (): Engine | undefined => rival(engine, this.#admitted.get(engine.engineId), judged);
    for (let other = next(); other; other = next()) {
      judged.add(other);
      if (other.isHealthy) await this.#decideBetween(engine, other);
      else this.#decideAgainstAbsent(engine, other);
    }
  }

  async #decideBetween(engine: Engine, other: Engine): Promise<void> {
    const sameness = await compareDaemons(sideOf(other), sideOf(engine)).catch((): Sameness => "unknown");
    if (!other.isMember || other.engineId !== engine.engineId) return;
    if (sameness === "clone") {
      this.#warn(engine, other);
      return;
    }
    const text = messages.duplicateId(engine.engineId, other.addr, engine.addr);
    if (this.#isNews(engine, text)) this.#log.error(text);
    const refused = `${duplicate(engine, other)}${REMEDY[sameness]}`;
    throw sameness === "unknown" ? new EngineRefusedError(refused) : new DuplicateEngineError(refused);
  }

  /** The other address does not answer; its containers, as we last saw them, must tell. */
  #decideAgainstAbsent(engine: Engine, other: Engine): void {
    const held = other.cache.inventory.containers;
    const here = engine.cache.inventory.containers;
    const moved = held.size === 0 || [...held.keys()].some((id) => here.has(id));
    if (!moved) {
      this.#warn(engine, other);
      return;
    }
    // The daemon answers at its new address: the old entry gives way, and nothing is counted twice.
    this.#log.warn(
      { old: other.addr, new: engine.addr, id: engine.engineId },
      "engine moved to another address",
    );
    other.supersede(`${duplicate(other, engine)}. The engine answers at ${engine.addr} now`);
  }

  #note(engine: Engine, engineId: string): void {
    const before = this.#admittedAs.get(engine);
    if (before === engineId) return;
    if (before !== undefined) this.#admitted.remove(before, engine);
    this.#admittedAs.set(engine, engineId);
    this.#admitted.add(engineId, engine);
  }

  #endWarnings(engine: Engine): void {
    if (this.#clones.length > 0) this.#clones = this.#clones.filter(({ pair }) => !pair.includes(engine));
  }

  #warn(engine: Engine, other: Engine): void {
    const text =
      `${engine.name} (${engine.addr}) and ${other.name} (${other.addr}) are different machines with one engine ID ${engine.engineId}: ` +
      "give one of them an ID of its own (stop its dockerd, remove /etc/docker/key.json or <data-root>/engine-id, start it again)";
    this.#clones = [...this.#clones, { pair: [engine, other], text }];
    if (this.#isNews(engine, text)) {
      this.#log.warn({ id: engine.engineId, addr: engine.addr, other: other.addr }, text);
    }
  }

  /** Is this text not what the log said of this address last? */
  #isNews({ addr }: Engine, text: string): boolean {
    if (this.#reported.get(addr) === text) return false;
    this.#reported.set(addr, text);
    return true;
  }
}

/** A member with the same engine ID that was not judged yet. */
function rival(engine: Engine, others: Iterable<Engine>, judged: ReadonlySet<Engine>): Engine | undefined {
  const { engineId } = engine;
  for (const other of others) {
    if (other.engineId === engineId && !judged.has(other) && other.isMember) return other;
  }
  return undefined;
}

const sideOf = (engine: Engine) => ({
  client: engine.client,
  containerIds: new Set(engine.cache.inventory.containers.keys()),
});

const duplicate = (engine: Engine, other: Engine): string =>
  `ID duplicated. ${engine.engineId} shared by this node ${engine.addr} and another node ${other.addr}`;

const REMEDY: Readonly<Record<Exclude<Sameness, "clone">, string>> = {
  same: ". Both addresses reach one daemon: remove one of them from discovery",
  "clone-with-shared-containers":
    ". They are two machines with copies of the same containers: remove the copies (or the copied data directory) from one of them",
  unknown:
    ". Whether both addresses reach one daemon could not be told, because one shows no default network (bridge or nat): remove one of them from discovery",
};
