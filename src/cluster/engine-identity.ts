import type { Logger } from "pino";
import type { EngineVersion } from "../docker/types.ts";
import { messages } from "../telemetry/messages.ts";
import { engineSpecs, sameSpecs, type EngineSpecs } from "./engine-specs.ts";
import type { Engine } from "./engine.ts";

/** Specs are read again after this long, milliseconds. */
const SPECS_MAX_AGE_MS = 300_000;

/** A known address answers as another engine. */
export class IdentityChangedError extends Error {}

/** Who answers at an engine's address, as far as it told. */
export class EngineIdentity {
  readonly #engine: Engine;
  #specs: EngineSpecs | undefined;
  #systemTimeMs: number | undefined;
  #version: EngineVersion | undefined;
  #ip = "";
  /** By a clock that never jumps, milliseconds. */
  #readAt = -Infinity;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** `undefined` until it answered once. */
  get specs(): EngineSpecs | undefined {
    return this.#specs;
  }
  /** First address of the host part, `""` until resolved. */
  get ip(): string {
    return this.#ip;
  }
  /** Is it time to ask again? */
  get isStale(): boolean {
    return performance.now() - this.#readAt > SPECS_MAX_AGE_MS;
  }

  async resolve(signal: AbortSignal): Promise<void> {
    this.#ip = await this.#engine.connections.resolve(signal);
  }

  /** The engine's clock when it was last asked, Unix milliseconds. */
  get systemTimeMs(): number {
    return this.#systemTimeMs ?? Date.now();
  }

  /**
   * Asks the engine and from then on speaks its API version. What only changes with its program is not asked for again with `settings`.
   * @returns whether it says anything else than before
   * @throws IdentityChangedError when a member is not the one we know; otherwise when it does not answer or must not be used
   */
  async read(log: Logger, what: "everything" | "settings" = "everything"): Promise<boolean> {
    const { addr, client } = this.#engine;
    const known = what === "settings" ? this.#version : undefined;
    const [info, version] = await Promise.all([client.info(), known ?? client.version()]);
    const specs = engineSpecs(addr, info, version, Date.now());
    const before = this.#specs;
    if (this.#engine.isMember && before !== undefined && before.engineId !== specs.engineId) {
      throw new IdentityChangedError(
        `Engine (ID: ${before.engineId}, Addr: ${addr}) shows up with another ID:${specs.engineId}. Please remove it from cluster, it can be added back.`,
      );
    }
    for (const warning of specs.warnings) {
      if (before?.warnings.includes(warning) !== true) log.warn(warning);
    }
    if (specs.clockDeltaMs !== 0 && (before?.clockDeltaMs ?? 0) === 0) {
      log.warn(messages.unsynchronizedClock(specs.engineId, addr));
    }
    this.#systemTimeMs = specs.systemTimeMs;
    this.#version = version;
    this.#readAt = performance.now();
    if (this.#engine.isMember && before !== undefined && sameSpecs(before, specs)) return false;
    this.#specs = specs;
    this.#engine.candidate.nodeChanged();
    client.useApiVersion(specs.api.max);
    return true;
  }
}
