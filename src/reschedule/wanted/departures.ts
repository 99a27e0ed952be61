import type { Logger } from "pino";
import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import type { Engine } from "../../cluster/engine.ts";
import { EngineResponseError } from "../../docker/engine-client.ts";
import type { WantedBook } from "./book.ts";
import type { EngineTasks } from "./engine-tasks.ts";
import { healthyById, isAutoRemove, startMark } from "./home.ts";
import { swarmIdOf } from "./policy.ts";
import { SETTLE_MS } from "./run-state.ts";
import type { RunTracker } from "./run-tracker.ts";
import type { WantedContainer } from "./wanted.ts";

export interface RecorderParts {
  readonly cluster: Cluster;
  readonly book: WantedBook;
  readonly tasks: EngineTasks;
  readonly runs: RunTracker;
  readonly log: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Containers that are gone: removed by a user, who must not find them back, or lost with their engine, which removes `--rm` containers when it is shut
 * down and when it starts. Who asks us to remove one is believed at once; of others the engine must be there {@link SETTLE_MS} later.
 */
export class Departures {
  readonly #parts: RecorderParts;
  /** Removals users wait for, by container ID. */
  readonly #wishes = new Map<string, number>();
  /** Since when a container is gone for an unknown reason, by its ID. */
  readonly #doubts = new Map<string, number>();
  /** Gone with their engine. */
  readonly #lost = new Set<string>();

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  wish(containerId: string): void {
    this.#wishes.set(containerId, (this.#wishes.get(containerId) ?? 0) + 1);
  }

  wishSettled(record: ContainerRecord, what: "container" | "copy", succeeded: boolean): void {
    const containerId = record.id;
    const rest = (this.#wishes.get(containerId) ?? 1) - 1;
    if (rest > 0) this.#wishes.set(containerId, rest);
    else this.#wishes.delete(containerId);
    if (!succeeded) return;
    this.#forget(containerId);
    this.#forgetBehind(record, what);
  }

  /** Its engine says so. */
  destroyed(wanted: WantedContainer): void {
    const { containerId } = wanted.last;
    // Ended as its user wished, or by itself, and was not to outlive that.
    const isOver = wanted.run === "stopped" && isAutoRemove(wanted);
    if (this.#wishes.has(containerId) || (isOver && !this.#parts.book.isHeld(wanted.swarmId))) {
      this.#forget(containerId);
    } else this.#doubt(containerId);
  }

  /** Its engine is well and does not have it. */
  missing(wanted: WantedContainer, engine: Engine): void {
    const { containerId } = wanted.last;
    if (this.#lost.has(containerId)) return;
    const since = this.#doubt(containerId);
    if (this.#parts.now() - since < SETTLE_MS) return;
    this.#parts.tasks.start(engine, `gone ${containerId}`, () =>
      this.#settle(wanted.swarmId, containerId, engine),
    );
  }

  /** It was there all the time: its engine could not show it. */
  isBack(containerId: string): void {
    this.#doubts.delete(containerId);
    this.#lost.delete(containerId);
  }

  isDoubtful(containerId: string): boolean {
    return this.#doubts.has(containerId);
  }

  /** Whether it certainly went with its engine, against its user's will. */
  wasLost(containerId: string): boolean {
    return this.#lost.has(containerId);
  }

  /** Before the reason was clear: it was the engine. */
  engineLost(containerId: string): void {
    if (this.#doubts.delete(containerId)) this.#lost.add(containerId);
  }

  prune(): void {
    const { book } = this.#parts;
    const isOld = (id: string): boolean => book.ofContainer(id)?.last.containerId !== id;
    for (const id of this.#doubts.keys()) if (isOld(id)) this.#doubts.delete(id);
    for (const id of this.#lost) if (isOld(id)) this.#lost.delete(id);
  }

  reset(): void {
    this.#doubts.clear();
    this.#lost.clear();
  }

  #doubt(containerId: string): number {
    const since = this.#doubts.get(containerId) ?? this.#parts.now();
    this.#doubts.set(containerId, since);
    return since;
  }

  async #settle(swarmId: string, containerId: string, engine: Engine): Promise<void> {
    const { book, runs } = this.#parts;
    if (!(await isGone(engine, containerId))) return;
    await engine.cache.refreshNetworks();
    const wanted = book.get(swarmId);
    if (!engine.isHealthy || wanted?.last.containerId !== containerId || book.isHeld(swarmId)) return;
    if (!this.#doubts.delete(containerId)) return;
    const sameEngine = runs.engineRestarted(containerId, startMark(engine)) === false;
    if (isAutoRemove(wanted) && wanted.run === "running" && !sameEngine) this.#lost.add(containerId);
    else this.#forget(containerId);
  }

  #forget(containerId: string): void {
    const { book, log, now } = this.#parts;
    this.#doubts.delete(containerId);
    const wanted = book.ofContainer(containerId);
    if (wanted?.last.containerId !== containerId) return;
    log.debug(
      { container: containerId, name: wanted.name },
      "a container was removed and is no longer wanted",
    );
    void book.forget(wanted, { copies: wanted.formerIds }, now());
  }

  /**
   * A user removes another copy than the one that counts and means the container: one that is being made while the place of the container, as far as it is
   * known, is lost; or an old one whose node came back just when the name still meant it.
   */
  #forgetBehind(record: ContainerRecord, what: "container" | "copy"): void {
    const { book, cluster, now } = this.#parts;
    const wanted = book.get(swarmIdOf(record));
    if (wanted === undefined || wanted.name !== record.names[0]) return;
    const { engineId, containerId } = wanted.last;
    if (containerId === record.id) return;
    const isOld = wanted.formerIds.includes(record.id);
    const isMeant = isOld ? what === "container" : !healthyById(cluster).has(engineId);
    if (isMeant) void book.forget(wanted, { copies: [...wanted.formerIds, containerId] }, now());
  }
}

/** Asked of the engine itself: a container it cannot show is there. @throws EngineUnreachableError */
async function isGone(engine: Engine, containerId: string): Promise<boolean> {
  try {
    await engine.client.inspectContainer(containerId);
    return false;
  } catch (error) {
    if (error instanceof EngineResponseError) return error.status === 404;
    throw error;
  }
}
