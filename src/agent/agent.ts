import { splitHostPort } from "../../discovery/address.ts";
import type { Registrar } from "../../discovery/types.ts";
import { errorText } from "../errors.ts";
import type { Health } from "../health/types.ts";
import { goDuration } from "../telemetry/go-duration.ts";
import type { Logger } from "../telemetry/logger.ts";
import { messages } from "../telemetry/messages.ts";
import { addressCaution } from "./advertised-address.ts";
import { boundedCall } from "./bounded-call.ts";
import { EngineWatch } from "./engine-watch.ts";
import { EntryWatch } from "./entry-watch.ts";
import { jittered, periodMs, registerWithinMs, retryMs, type Rhythm } from "./rhythm.ts";
import type { AgentWorld } from "./types.ts";

/** How long taking the entry away may take. */
const deregisterWithinMs = 5000;
/** An entry that vanishes is written again after so long at the earliest. */
const shortestReturnMs = 1000;

export interface AgentSettings {
  /** `--advertise`: the engine's address, which is the entry. */
  readonly address: string;
  readonly rhythm: Rhythm;
  readonly registrar: Registrar;
  /** The discovery service, for the log. */
  readonly discovery: string;
  readonly log: Logger;
  readonly world: AgentWorld;
}

/**
 * What `swarm join` does: keeps one entry in the discovery service alive until it is told to stop, then takes it away
 * (spec: discovery.md §9). No failure ends it; docs/joining.md tells operators what it does when.
 */
export class Agent {
  readonly #settings: AgentSettings;
  readonly #engine: EngineWatch;
  readonly #entry: EntryWatch;
  /** By the world's clock: until then the entry is there, as far as we know. */
  #aliveUntil = -Infinity;
  #error = "not registered yet";
  #failures = 0;
  /** How often in a row the entry vanished before its next renewal was due. */
  #losses = 0;

  constructor(settings: AgentSettings) {
    const { address, registrar, log, world } = settings;
    this.#settings = settings;
    this.#engine = new EngineWatch(address, world.probe, log);
    this.#entry = new EntryWatch(address, registrar, world.pause);
  }

  /** Healthy while the last registration that worked is younger than the TTL. An engine that does not answer is only mentioned. */
  health(): Health {
    const { address, discovery, world } = this.#settings;
    if (world.now() >= this.#aliveUntil) return { healthy: false, detail: this.#error };
    const notes = [
      `${address} is registered at ${discovery}`,
      ...(this.#failures > 0 ? [`registering fails: ${this.#error}`] : []),
      ...(this.#engine.fault === undefined ? [] : [`no Docker engine answers: ${this.#engine.fault}`]),
    ];
    return { healthy: true, detail: notes.join("; ") };
  }

  /** Registers until the signal, then deregisters. Ends within seven seconds of the signal; never rejects. */
  async run(stop: AbortSignal): Promise<void> {
    const { address, log, world } = this.#settings;
    const caution = addressCaution(splitHostPort(address).host);
    if (caution !== undefined) log.warn(messages.oddAddress(address, caution));
    this.#engine.look(stop);
    await this.#delay(stop);
    let tried = false;
    while (!stop.aborted) {
      tried = true;
      const begun = world.now();
      this.#engine.look(stop);
      const registered = await this.#register(stop);
      if (!registered) await world.pause(this.#jittered(this.#retryMs()), stop);
      else if (await this.#entry.rest(this.#jittered(periodMs(this.#settings.rhythm)), stop)) {
        await this.#lost(begun, stop);
      } else this.#losses = 0;
    }
    await this.#engine.settled();
    if (tried) await this.#deregister();
  }

  async #delay(stop: AbortSignal): Promise<void> {
    const { rhythm, log, world } = this.#settings;
    if (rhythm.delayMs <= 0) return;
    const ms = rhythm.delayMs * world.random();
    log.info(messages.randomDelay(goDuration(ms)));
    await world.pause(ms, stop);
  }

  /** One attempt. @returns whether the entry was written */
  async #register(stop: AbortSignal): Promise<boolean> {
    const { address, discovery, rhythm, registrar, log, world } = this.#settings;
    const fields = { addr: address, discovery };
    log.info(fields, messages.registering(goDuration(rhythm.heartbeatMs)));
    const begun = world.now();
    try {
      await boundedCall(
        { whom: discovery, ms: registerWithinMs(rhythm), pause: world.pause, stop },
        (signal) => registrar.register(address, rhythm.ttlMs, signal),
      );
    } catch (error) {
      if (stop.aborted) return false;
      this.#failures++;
      this.#error = errorText(error);
      log.error({ ...fields, retry: goDuration(this.#retryMs()) }, this.#error);
      return false;
    }
    if (this.#failures > 0) log.info({ ...fields, failures: this.#failures }, messages.registeredAgain);
    this.#failures = 0;
    this.#aliveUntil = begun + rhythm.ttlMs;
    this.#entry.follow(stop);
    return true;
  }

  /** The entry vanished before its time: says so and waits the little that keeps a quarrel over the entry from becoming a storm. */
  async #lost(registeredAt: number, stop: AbortSignal): Promise<void> {
    const { address, discovery, rhythm, log, world } = this.#settings;
    this.#aliveUntil = -Infinity;
    this.#error = messages.entryVanished;
    if (stop.aborted) return;
    log.warn({ addr: address, discovery }, messages.entryVanished);
    const doubled = shortestReturnMs * 2 ** Math.min(this.#losses++, 20);
    const returnMs = Math.max(shortestReturnMs, Math.min(doubled, periodMs(rhythm)));
    await world.pause(registeredAt + returnMs - world.now(), stop);
  }

  async #deregister(): Promise<void> {
    const { address, discovery, rhythm, registrar, log, world } = this.#settings;
    const fields = { addr: address, discovery };
    this.#aliveUntil = -Infinity;
    this.#error = "stopped";
    try {
      await boundedCall({ whom: discovery, ms: deregisterWithinMs, pause: world.pause }, (signal) =>
        registrar.deregister(address, signal),
      );
      log.info(fields, messages.deregistered);
    } catch (error) {
      log.warn({ ...fields, error: errorText(error) }, messages.notDeregistered(goDuration(rhythm.ttlMs)));
    }
  }

  #retryMs(): number {
    return retryMs(Math.max(1, this.#failures), this.#settings.rhythm);
  }

  #jittered(ms: number): number {
    return jittered(ms, this.#settings.world.random());
  }
}
