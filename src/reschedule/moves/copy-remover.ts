import type { Logger } from "pino";
import { runs } from "../../cluster/better-copy.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import { errorText } from "../../errors.ts";
import { messages } from "../../telemetry/messages.ts";
import type { Announce, RescheduleOptions } from "../ports.ts";
import type { WantedBook } from "../wanted/book.ts";
import type { WantedContainer } from "../wanted/wanted.ts";
import { Acting } from "./acting.ts";
import type { Attempt } from "./attempt.ts";
import { mustStand } from "./must-stand.ts";
import { DuplicateStaysError, removeCopy, stopCopy } from "./remove-copy.ts";

export interface CopyRemoverDependencies {
  readonly book: Pick<WantedBook, "get">;
  readonly announce: Announce;
  readonly options: RescheduleOptions;
  readonly log: Logger;
}

/** Removes copies there should not be: the second one of a container, and the old ones of a container that is gone. */
export class CopyRemover {
  readonly #dependencies: CopyRemoverDependencies;
  /** What the log said last of a leftover that cannot be removed, by its ID: as many as there are in the book. */
  readonly #leftoverErrors = new Map<string, string>();

  constructor(dependencies: CopyRemoverDependencies) {
    this.#dependencies = dependencies;
  }

  /** The copy gives way to the other: stopped, then removed. @throws DuplicateStaysError */
  async duplicate(attempt: Attempt, loser: ContainerRecord, winner: ContainerRecord): Promise<void> {
    const { announce, options, log } = this.#dependencies;
    const acting = new Acting(attempt);
    const { id, engine, names } = loser;
    const stands = (): Promise<void> => this.#mustStand(attempt.wanted, loser, winner, acting);
    try {
      await stands();
      log.debug(messages.removingDuplicate(id, winner.engine.name));
      await stopCopy(loser, acting);
      await stands();
      await removeCopy(loser, { volumes: options.removeVolumes }, acting);
    } catch (error) {
      throw new DuplicateStaysError(loser, error);
    }
    announce({
      action: "duplicate_removed",
      node: engine,
      actorId: attempt.wanted.swarmId,
      attributes: { name: names[0] ?? "", container: id, kept: winner.id, to: winner.engine.name },
    });
  }

  /** An old copy of a container that its user has removed since: stopped, then removed, its volumes kept unless told otherwise. @throws Error */
  async leftover(
    right: Pick<Attempt, "term" | "signal">,
    swarmId: string,
    copy: ContainerRecord,
  ): Promise<void> {
    const { announce, options, log } = this.#dependencies;
    const acting = new Acting(right);
    const { id, engine, names } = copy;
    const fields = { container: id, name: names[0] ?? "", node: engine.name };
    try {
      await stopCopy(copy, acting);
      await removeCopy(copy, { volumes: options.removeVolumes }, acting);
    } catch (error) {
      const text = errorText(error);
      if (this.#leftoverErrors.get(id) !== text)
        log.error(fields, messages.duplicateNotRemoved(id, engine.name, text));
      this.#leftoverErrors.set(id, text);
      throw error;
    }
    this.#leftoverErrors.delete(id);
    log.info(fields, "an old copy of a container that its user has removed is removed as well");
    const attributes = { name: fields.name, container: id, reason: "removed by its user" };
    announce({ action: "duplicate_removed", node: engine, actorId: swarmId, attributes });
  }

  /** The copy that stays must run unless neither does, or its user has stopped that very copy. @throws Error */
  async #mustStand(
    wanted: WantedContainer,
    loser: ContainerRecord,
    winner: ContainerRecord,
    acting: Acting,
  ): Promise<void> {
    const { id, engine } = winner;
    if (id === loser.id) throw new Error(`container ${id} on ${engine.name} is the same container`);
    const mayRest = (): boolean => {
      const { run, last } = this.#dependencies.book.get(wanted.swarmId) ?? wanted;
      return !runs(loser) || (run === "stopped" && last.containerId === id);
    };
    await mustStand(winner, mayRest, acting);
  }
}
