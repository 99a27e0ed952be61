import type { Logger } from "pino";
import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import type { Engine } from "../../cluster/engine.ts";
import { errorText } from "../../errors.ts";
import type { UserWishes } from "../../reschedule/wanted/user-wishes.ts";

/** Creates remembered, at most; the oldest are forgotten. */
const MAX_ORPHANS = 1_024;
/** An engine that stood still may do late what it was asked, but not later than this, milliseconds. */
const KEPT_MS = 24 * 3_600_000;

interface Orphan {
  readonly addr: string;
  readonly sinceMs: number;
}

export interface OrphanCreatesDependencies {
  readonly cluster: Pick<Cluster, "containers">;
  readonly wishes: () => UserWishes;
  readonly log: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Creates that an engine may have carried out though it was lost before it could say so. Their clients were told that they failed and know no ID: a container
 * that shows up all the same would hold its name for nobody, so it is removed, unless somebody has started it.
 */
export class OrphanCreates {
  readonly #dependencies: OrphanCreatesDependencies;
  /** By swarm ID, which no other create has. */
  readonly #orphans = new Map<string, Orphan>();

  constructor(dependencies: OrphanCreatesDependencies) {
    this.#dependencies = dependencies;
  }

  add(swarmId: string, engine: Engine): void {
    this.#orphans.set(swarmId, { addr: engine.addr, sinceMs: this.#dependencies.now() });
    const [oldest] = this.#orphans.keys();
    if (this.#orphans.size > MAX_ORPHANS && oldest !== undefined) this.#orphans.delete(oldest);
    // It may be there already.
    this.review(engine);
  }

  /** The cluster's state knows more of this engine than before. */
  review(engine: Engine): void {
    if (this.#orphans.size === 0 || !engine.isHealthy) return;
    const { cluster, now } = this.#dependencies;
    for (const [swarmId, { addr, sinceMs }] of this.#orphans) {
      if (now() - sinceMs > KEPT_MS) this.#orphans.delete(swarmId);
      if (addr !== engine.addr) continue;
      for (const record of cluster.containers.withSwarmId(swarmId)) {
        if (record.engine === engine) void this.#remove(swarmId, record);
      }
    }
  }

  /** Without force: whoever has started it meanwhile keeps it. */
  async #remove(swarmId: string, record: ContainerRecord): Promise<void> {
    const { wishes, log } = this.#dependencies;
    const { id, engine, names } = record;
    const orphan = this.#orphans.get(swarmId);
    // Asked for once; a failure puts it back.
    this.#orphans.delete(swarmId);
    if (orphan === undefined || record.inspect.State.Status !== "created") return;
    const fields = { container: id, name: names[0] ?? "", node: engine.name };
    const wish = wishes().removing(record, "copy");
    let done = false;
    try {
      await engine.client.removeContainer(id, { force: false });
      done = true;
      log.info(fields, "removed a container whose create had failed for its client");
    } catch (error) {
      this.#orphans.set(swarmId, orphan);
      log.warn(
        { ...fields, error: errorText(error) },
        "a container whose create had failed for its client is left behind",
      );
    } finally {
      wish.settled(done);
    }
  }
}
