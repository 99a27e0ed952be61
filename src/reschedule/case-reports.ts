import type { Logger } from "pino";
import type { Cluster } from "../cluster/cluster.ts";
import { messages } from "../telemetry/messages.ts";
import type { Failure } from "./attempts.ts";
import type { Case, Stage, Task } from "./cases.ts";
import type { MassFailure } from "./mass-failure.ts";
import { StartFailedError } from "./moves/relocation.ts";
import { eventNodeOf } from "./moves/place.ts";
import { DuplicateStaysError } from "./moves/remove-copy.ts";
import type { Announce, RescheduleAction } from "./ports.ts";
import type { WantedContainer } from "./wanted/wanted.ts";

/** Tells of cases, in the log and as events: each fact once. */
export class CaseReports {
  readonly #announce: Announce;
  readonly #log: Logger;
  readonly #cluster: Cluster;

  constructor(given: { readonly announce: Announce; readonly log: Logger; readonly cluster: Cluster }) {
    this.#announce = given.announce;
    this.#log = given.log;
    this.#cluster = given.cluster;
  }

  nodeLost(key: string, mass: MassFailure | undefined, nowMs: number): void {
    this.#log.debug(messages.nodeFailed(key));
    if (mass === undefined || mass.untilMs <= nowMs) return;
    this.#log.warn(
      { lost: mass.keys.size, of: mass.of, waitMs: mass.untilMs - nowMs },
      "more than half of the nodes were lost at once: their containers stay where they are for one more refresh interval",
    );
  }

  skipped(containerId: string): void {
    this.#log.debug(messages.rescheduleSkipped(containerId));
  }

  pending(wanted: WantedContainer, stage: Stage): void {
    const why = stage.kind === "working" ? "" : stage.why;
    this.#tell("reschedule_pending", wanted, why === "" ? {} : { why });
    if (why !== "")
      this.#log.info(fieldsOf(wanted), `container ${wanted.last.containerId} is not rescheduled yet: ${why}`);
  }

  cancelled(wanted: WantedContainer, why: string): void {
    this.#tell("reschedule_cancelled", wanted, { why });
    this.#log.info(fieldsOf(wanted), `container ${wanted.last.containerId} is not rescheduled: ${why}`);
  }

  failed({ wanted, stage, announced }: Case, { error, text, attempts, report }: Failure): void {
    if (report === "known" || stage.kind !== "working") return;
    const fields = { ...fieldsOf(wanted), attempts };
    if (report === "again") this.#log.warn(fields, `${TASK[stage.task]} goes on failing: ${text}`);
    else this.#failedAnew(fields, error, text);
    if (report === "new" && announced) this.#tell("reschedule_failed", wanted, { error: text });
  }

  #failedAnew(fields: ReturnType<typeof fieldsOf>, error: Error, text: string): void {
    // What has run out of time has its own error around it.
    const own = [error, error.cause];
    const stays = own.find((each) => each instanceof DuplicateStaysError);
    if (stays !== undefined) this.#log.error(stays.line);
    // The mover says these itself.
    else if (!own.some((each) => each instanceof StartFailedError))
      this.#log.error(fields, messages.rescheduleFailed(fields.container, text));
  }

  #tell(action: RescheduleAction, wanted: WantedContainer, more: Readonly<Record<string, string>>): void {
    const { swarmId, name, last } = wanted;
    this.#announce({
      action,
      node: eventNodeOf(this.#cluster, last),
      actorId: swarmId,
      attributes: { name, container: last.containerId, from: last.node, reason: "node-failure", ...more },
    });
  }
}

/** What is being tried, for the log. */
const TASK: Readonly<Record<Task, string>> = {
  reschedule: "rescheduling a container",
  start: "starting a container that ended with its node's engine",
  duplicate: "removing a duplicate container",
};

const fieldsOf = ({ name, last }: WantedContainer) => ({
  Name: name,
  container: last.containerId,
  node: last.node,
});
