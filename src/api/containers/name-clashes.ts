import type { Logger } from "pino";
import { createdAtMs } from "../../cluster/better-copy.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import type { Engine } from "../../cluster/engine.ts";
import { NewestIds } from "../../cluster/newest-ids.ts";
import { errorText } from "../../errors.ts";
import { NoPrimaryError } from "../../replication/manager-role.ts";

/** Creates of our own that are remembered: an event of one may be handled a while after its answer. */
const MAX_OWN = 4_096;

export interface NameClashesDependencies {
  readonly cluster: Pick<Cluster, "containers">;
  readonly log: Logger;
}

/**
 * A container that was made where nobody could see it, by a manager that died over it, say, may have a name that is another's by the time it shows up.
 * Neither would be found by that name any more (spec: api.md §3.1). As it never ran and its client was told that it may or may not be there, it is given
 * another name: what it is stays, and its ID means it. Never one that this manager made: its client has its name from us, and it is the other that is late.
 */
export class NameClashes {
  readonly #dependencies: NameClashesDependencies;
  readonly #underWay = new Set<string>();
  /** Swarm IDs. */
  readonly #own = new NewestIds(MAX_OWN);

  constructor(dependencies: NameClashesDependencies) {
    this.#dependencies = dependencies;
  }

  /** This manager is making a container; it goes on being its own unless that {@link failed}. */
  makes(swarmId: string): void {
    this.#own.add(swarmId);
  }

  /** Its client was told that it may or may not be there. */
  failed(swarmId: string): void {
    this.#own.delete(swarmId);
  }

  /** A container has appeared on an engine. */
  appeared(engine: Engine, containerId: string): void {
    const record = engine.cache.inventory.containers.get(containerId);
    const [name] = record?.names ?? [];
    if (record === undefined || name === undefined || record.swarmId === "") return;
    if (this.#own.has(record.swarmId)) return;
    if (record.inspect.State.Status !== "created" || this.#underWay.has(containerId)) return;
    const others = [...this.#dependencies.cluster.containers.named(name)];
    const givesWay = others.some((other) => mustGiveWay(record, other, name));
    if (givesWay) void this.#rename(record, name);
  }

  async #rename(record: ContainerRecord, name: string): Promise<void> {
    const { log } = this.#dependencies;
    const { engine, id } = record;
    const newName = `${name}_${id.slice(0, 12)}`;
    const fields = { container: id, node: engine.name, from: name, to: newName };
    this.#underWay.add(id);
    try {
      const path = `/containers/${id}/rename?name=${encodeURIComponent(newName)}`;
      await engine.client.send("POST", engine.versionedPath(undefined, path));
      await engine.cache.refreshContainer(id);
      log.warn(fields, "a container that appeared late is renamed: its name is another's by now");
    } catch (error) {
      // Whoever leads sees the same.
      if (error instanceof NoPrimaryError) return;
      log.warn(
        { ...fields, error: errorText(error) },
        "two containers have one name, which means neither of them",
      );
    } finally {
      this.#underWay.delete(id);
    }
  }
}

/** Is the late one to give way to this container of the same name? Copies of one container are not for us to part. */
function mustGiveWay(late: ContainerRecord, other: ContainerRecord, name: string): boolean {
  if (other === late || other.names[0] !== name || other.swarmId === late.swarmId) return false;
  return other.inspect.State.Status !== "created" || createdAtMs(other) > createdAtMs(late);
}
