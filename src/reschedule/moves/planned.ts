import { setTimeout as pause } from "node:timers/promises";
import { errorText } from "../../errors.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import { EngineUnreachableError } from "../../docker/engine-client.ts";
import type { PlannedMove, PlannedOutcome } from "../ports.ts";
import { MOVE_ORDER_LABEL, type WantedContainer } from "../wanted/wanted.ts";
import type { Acting } from "./acting.ts";
import type { MoverDependencies } from "./mover.ts";
import { mustStand } from "./must-stand.ts";
import { spanningNetwork } from "./networks.ts";
import { localPeers, nameOf } from "./obstacle.ts";
import { networkNames, type Relocation } from "./relocation.ts";
import { discardCopy, removeCopy, stopCopy } from "./remove-copy.ts";
import { startCopy } from "./start-copy.ts";

/** How long a new copy with a health check may take to become healthy, milliseconds. */
const HEALTHY_MS = 120_000;
/** How long a new copy without one must run before the old one goes, milliseconds. */
const SETTLE_MS = 1_000;
/** Between looks, milliseconds. */
const LOOK_MS = 250;

export type MoveOrder = "start-first" | "stop-first";

/**
 * Whether two copies may run for a moment. They may not where the second one could not start (its name or address is taken in a network that spans
 * engines), nor where both would write to one volume.
 */
function moveOrderOf(
  record: ContainerRecord,
  wanted: WantedContainer,
  isSpanning: (network: string) => boolean,
): MoveOrder {
  const label = record.labels[MOVE_ORDER_LABEL];
  if (label === "start-first" || label === "stop-first") return label;
  const isShared = record.summary.Mounts?.some(
    ({ Type, Driver }) =>
      Type === "volume" && typeof Driver === "string" && Driver !== "" && Driver !== "local",
  );
  const hasAddress = Object.values(wanted.networks ?? {}).some(
    ({ IPAMConfig }) => typeof IPAMConfig === "object" && IPAMConfig !== null,
  );
  return isShared === true || hasAddress || networkNames(wanted).some(isSpanning)
    ? "stop-first"
    : "start-first";
}

/** Moves of containers that run well: the new copy is there before anything happens to the old one, and whatever fails, one of them runs. */
export class PlannedMoves {
  readonly #dependencies: MoverDependencies;
  readonly #relocation: Relocation;

  constructor(dependencies: MoverDependencies, relocation: Relocation) {
    this.#dependencies = dependencies;
    this.#relocation = relocation;
  }

  /** @throws Error why it stays; it is then where it was, in the state it was in */
  async move(
    wanted: WantedContainer,
    { record, target, reason }: PlannedMove,
    acting: Acting,
  ): Promise<PlannedOutcome> {
    const { cluster } = this.#dependencies;
    const [peer] = localPeers(record);
    if (reason === "rebalance" && peer !== undefined)
      throw new Error(`it shares network ${peer.network} with ${nameOf(peer.peer)}, which stays`);
    const origin = { containerId: record.id, node: record.engine.name };
    const from = { origin, addressesLost: new Set<string>() };
    const excluded = new Set([record.engine.id]);
    const wasRunning = record.inspect.State.Running;
    const order = moveOrderOf(record, wanted, (name) => spanningNetwork(cluster, name) !== undefined);
    const copy = await this.#relocation.make(wanted, { ...from, excluded, target }, acting);
    let stopped = false;
    try {
      if (order === "stop-first" && wasRunning) {
        stopped = true;
        await stopCopy(record, acting);
      }
      await this.#relocation.bringUp(wanted, copy, from, acting);
      if (wasRunning) await this.#mustBeWell(wanted, copy, acting);
    } catch (error) {
      await this.#undo(wanted, { old: record, copy, stopped, wasRunning }, acting);
      throw error;
    }
    await this.#removeOld(wanted, record, copy, acting);
    return { kind: "moved", to: copy.engine, containerId: copy.id };
  }

  /** Whether its user wants it to run, by now. */
  #isToRun({ swarmId, run }: WantedContainer): boolean {
    return (this.#dependencies.book.get(swarmId)?.run ?? run) === "running";
  }

  /** @throws Error when it ends, is unhealthy, or takes too long */
  async #mustBeWell(wanted: WantedContainer, { engine, id }: ContainerRecord, acting: Acting): Promise<void> {
    const begin = performance.now();
    for (;;) {
      const now = engine.cache.inventory.containers.get(id);
      const where = `the new copy on ${engine.name}`;
      if (!engine.isHealthy) throw new Error(`${engine.name} was lost`);
      if (now === undefined) throw new Error(`${where} is gone`);
      const { Running, Restarting, ExitCode, Health } = now.inspect.State;
      if (!Running && !this.#isToRun(wanted)) return;
      if (!Running || Restarting) throw new Error(`${where} ended with code ${ExitCode}`);
      const health = Health?.Status ?? "none";
      if (health === "healthy") return;
      if (health === "unhealthy") throw new Error(`${where} is unhealthy`);
      const passedMs = performance.now() - begin;
      if (health === "none" && passedMs >= SETTLE_MS) return;
      if (passedMs >= HEALTHY_MS)
        throw new Error(`${where} did not become healthy in ${HEALTHY_MS / 1_000} s`);
      await pause(LOOK_MS, undefined, { signal: acting.signal }).catch(acting.fence);
    }
  }

  /**
   * Back to where it was: the old copy counts again, runs, and then the new one goes. Where the old one is out of reach by now, the new one stays. As long
   * as we may act; who comes after us goes on from here, and finds two copies at worst.
   */
  async #undo(
    wanted: WantedContainer,
    { old, copy, stopped, wasRunning }: Undoing,
    acting: Acting,
  ): Promise<void> {
    const { book, log } = this.#dependencies;
    // The attempt may be over, but this is part of it; the term is asked as ever.
    const undoing = acting.anew();
    const { engine, id } = copy;
    const mayRest = (): boolean => !wasRunning || !this.#isToRun(wanted);
    try {
      undoing.fence();
      await mustStand(old, () => stopped || mayRest(), undoing);
      await engine.cache.refreshContainer(id).catch(() => undefined);
      const left = engine.isHealthy ? engine.cache.inventory.containers.get(id) : undefined;
      const now = book.get(wanted.swarmId);
      if (now === undefined && left === undefined && engine.isHealthy)
        throw new Error("its user has removed it");
      // What its user asked for meanwhile still counts.
      if (now !== undefined)
        await book.put({ ...now, last: wanted.last, formerIds: wanted.formerIds, updatedMs: Date.now() });
      const isLost = left?.inspect.State.Running === true && !(await stopUnlessLost(left, undoing));
      if (stopped && this.#isToRun(wanted)) await startCopy(old, undoing, () => Promise.resolve());
      if (left === undefined || isLost) return;
      await mustStand(old, mayRest, undoing);
      await discardCopy(left, undoing);
    } catch (error) {
      log.error({ container: old.id, copy: id, error: errorText(error) }, "a move could not be undone");
    }
  }

  /** It has moved. If the old copy cannot be removed now, or the new one is not there any more, what is too much goes as a duplicate later. */
  async #removeOld(
    wanted: WantedContainer,
    old: ContainerRecord,
    copy: ContainerRecord,
    acting: Acting,
  ): Promise<void> {
    const { engine, id } = old;
    const stands = (): Promise<void> => mustStand(copy, () => !this.#isToRun(wanted), acting);
    try {
      await stands();
      const now = engine.cache.inventory.containers.get(id);
      if (now?.inspect.State.Running === true) await stopCopy(now, acting);
      await stands();
      await removeCopy(old, { volumes: false }, acting);
    } catch (error) {
      this.#dependencies.log.warn(
        { container: id, node: engine.name, error: errorText(error) },
        "the old copy of a moved container is left behind",
      );
    }
  }
}

/**
 * Stops a copy whose engine may just be failing: until it is known to be lost, it may answer again, and two copies are not to run.
 * @returns false: it is lost
 */
async function stopUnlessLost(copy: ContainerRecord, acting: Acting): Promise<boolean> {
  while (copy.engine.isHealthy) {
    try {
      await stopCopy(copy, acting);
      return true;
    } catch (error) {
      if (!(error instanceof EngineUnreachableError)) throw error;
    }
    await pause(LOOK_MS, undefined, { signal: acting.signal }).catch(acting.fence);
  }
  return false;
}

/** A move that failed. */
interface Undoing {
  readonly old: ContainerRecord;
  readonly copy: ContainerRecord;
  /** The old copy was stopped for it. */
  readonly stopped: boolean;
  readonly wasRunning: boolean;
}
