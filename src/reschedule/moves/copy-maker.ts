import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import type { NewestIds } from "../../cluster/newest-ids.ts";
import type { Engine } from "../../cluster/engine.ts";
import { EngineResponseError, EngineUnreachableError } from "../../docker/engine-client.ts";
import { nameHolder } from "../../docker/refusals.ts";
import type { ContainerCreateBody } from "../../docker/types.ts";
import type { Recreate } from "../ports.ts";
import type { WantedBook } from "../wanted/book.ts";
import type { WantedContainer } from "../wanted/wanted.ts";
import { CALL_MS, WORK_MS, type Acting } from "./acting.ts";
import { makeNetworks, missingNetworks } from "./local-networks.ts";
import { idsSoFar } from "./place.ts";
import { removeCopy } from "./remove-copy.ts";
import { Turns } from "./turns.ts";

/** What to make, and where not. */
export interface Making {
  /** As it is now; its `last` becomes a former ID. */
  readonly wanted: WantedContainer;
  readonly body: ContainerCreateBody;
  /** `Engine.id`s. */
  readonly excluded: ReadonlySet<string>;
  readonly target?: Engine | undefined;
}

export interface CopyMakerDependencies {
  readonly cluster: Cluster;
  readonly recreate: Recreate;
  readonly book: Pick<WantedBook, "unknownCopies">;
}

/** Leftovers of the same container removed for one name, at most. */
const MAX_BLOCKERS = 3;
/** Containers remembered whose create may have been done without our knowing, at most. */
const MAX_DOUBTS = 1_024;

/** Makes copies of containers: placed, created, not started. */
export class CopyMaker {
  readonly #cluster: Cluster;
  readonly #recreate: Recreate;
  readonly #unknown: NewestIds;
  /** Containers that need the same network, which nobody has yet, go one after the other: the second one finds it where the first one went. */
  readonly #turns = new Turns();
  /** By swarm ID: where a create was sent whose answer never came. */
  readonly #doubts = new Map<string, Set<string>>();

  constructor({ cluster, recreate, book }: CopyMakerDependencies) {
    this.#cluster = cluster;
    this.#recreate = recreate;
    this.#unknown = book.unknownCopies;
  }

  /**
   * Makes sure we know what became of creates of this container whose answers never came.
   * @throws Error when an engine that counts as healthy cannot say
   */
  async settleDoubts({ swarmId }: WantedContainer, acting: Acting): Promise<void> {
    const doubts = this.#doubts.get(swarmId) ?? new Set();
    let areAllRead = doubts.size > 0;
    for (const addr of doubts) {
      const engine = this.#cluster.engineAt(addr);
      // One that is lost is read anew before it counts again.
      if (engine?.isHealthy === true)
        await acting.look(`reading the containers of ${engine.name}`, WORK_MS, () =>
          engine.cache.readAll("changed-containers"),
        );
      else areAllRead = false;
    }
    if (areAllRead) this.#unknown.delete(swarmId);
    this.#doubts.delete(swarmId);
  }

  /**
   * @throws Error whose message says why it did not work: nothing fits, the image cannot be had, the name is another container's, …
   */
  async make(making: Making, acting: Acting): Promise<ContainerRecord> {
    this.#nameMustBeFree(making.wanted);
    for (let blockers = 0; ; blockers++) {
      try {
        return await this.#makeOnce(making, acting);
      } catch (error) {
        const holder = nameHolder(error);
        if (holder === undefined || blockers === MAX_BLOCKERS) {
          if (error instanceof EngineUnreachableError) this.#doubt(making.wanted, error);
          throw error;
        }
        await this.#clearName(holder, making.wanted, acting);
      }
    }
  }

  async #makeOnce(making: Making, acting: Acting): Promise<ContainerRecord> {
    const { wanted, body, excluded, target } = making;
    const mightBe = this.#unknown.has(wanted.swarmId);
    const settled = (): void => {
      if (!mightBe) this.#unknown.delete(wanted.swarmId);
    };
    const networks = wanted.localNetworks.map(({ Name }) => Name);
    const done = await this.#turns.take(networks, acting.signal);
    try {
      const missing = missingNetworks(this.#cluster, wanted, excluded);
      if (missing.length === 0) done();
      const { engine, containerId } = await this.#recreate({
        wanted,
        body,
        query: queryOf(wanted),
        replaces: idsSoFar(wanted),
        excludedEngines: excluded,
        ...(target === undefined ? {} : { target }),
        fence: acting.fence,
        prepare: async (engine) => {
          if (missing.length > 0) await makeNetworks(engine, missing, wanted, acting);
          done();
          this.#unknown.add(wanted.swarmId);
        },
        signal: acting.signal,
      });
      settled();
      const record = engine.cache.inventory.containers.get(containerId);
      if (record === undefined) throw new Error(`container ${containerId} is gone again from ${engine.name}`);
      return record;
    } catch (error) {
      if (error instanceof EngineResponseError) settled();
      throw error;
    } finally {
      done();
    }
  }

  /** @throws Error that names the container which has the name */
  #nameMustBeFree(wanted: WantedContainer): void {
    const { name } = wanted;
    for (const record of this.#cluster.containers.named(name)) {
      if (record.names[0] === name && !isCopyOf(record, wanted)) throw nameTaken(name, record);
    }
  }

  /**
   * An engine says that a container holds the name there. What is left of this very container is removed, as long as it does not run.
   * @throws Error that names the other container
   */
  async #clearName(holder: string, wanted: WantedContainer, acting: Acting): Promise<void> {
    const known = this.#cluster.containers.byId(holder);
    const engines = known === undefined ? [...this.#cluster.healthy()] : [known.engine];
    await acting.look(`looking for container ${holder}`, CALL_MS, () =>
      Promise.all(engines.map(({ cache }) => cache.refreshContainer(holder).catch(() => undefined))),
    );
    // Nobody has it: it has gone meanwhile.
    const now = this.#cluster.containers.byId(holder);
    if (now === undefined) return;
    const { State } = now.inspect;
    const isLeftover = isCopyOf(now, wanted) && now.id !== wanted.last.containerId;
    if (!isLeftover || State.Running || State.Restarting || State.Paused) throw nameTaken(wanted.name, now);
    await removeCopy(now, { volumes: false }, acting);
  }

  #doubt({ swarmId }: WantedContainer, { addr }: EngineUnreachableError): void {
    if (addr === undefined) return;
    const [oldest] = this.#doubts.keys();
    if (this.#doubts.size >= MAX_DOUBTS && oldest !== undefined) this.#doubts.delete(oldest);
    this.#doubts.set(swarmId, (this.#doubts.get(swarmId) ?? new Set()).add(addr));
  }
}

/** One that was created past the manager has no swarm ID until it moves. */
const isCopyOf = ({ swarmId, id }: ContainerRecord, wanted: WantedContainer): boolean =>
  swarmId === wanted.swarmId || idsSoFar(wanted).includes(id);

const nameTaken = (name: string, { id, engine }: ContainerRecord): Error =>
  new Error(`the name ${name} is in use by container ${id} on node ${engine.name}`);

/** The query of the create as it was, with the name the container has now. */
function queryOf({ name, create }: WantedContainer): string {
  const query = new URLSearchParams(create.query);
  query.delete("name");
  if (name !== "") query.set("name", name);
  return query.toString();
}
