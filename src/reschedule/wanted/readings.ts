import { runs } from "../../cluster/better-copy.ts";
import { RESCHEDULED_FROM_LABEL, type ContainerRecord } from "../../cluster/container-record.ts";
import type { Engine } from "../../cluster/engine.ts";
import type { Inventory } from "../../cluster/inventory.ts";
import { EngineResponseError } from "../../docker/engine-client.ts";
import type { ContainerInspect } from "../../docker/types.ts";
import { changedByUpdate } from "./changed-by-update.ts";
import type { RecorderParts } from "./departures.ts";
import { endpointsOf, localNetworksOf } from "./endpoints.ts";
import { createFromInspect } from "./from-inspect.ts";
import { healthyById, placeOf, recordAt } from "./home.ts";
import { policyOf, swarmIdOf } from "./policy.ts";
import type { WantedContainer } from "./wanted.ts";

/** How long a container may be unknown before it is taken up: until then whoever creates it through us records it better, milliseconds. */
const ADOPT_AFTER_MS = 2_000;
/** Between two attempts to take up one container, milliseconds. */
const ADOPT_AGAIN_MS = 10_000;

/** Reads containers in full where that is needed: records of those nobody recorded, and changes made to the others since. */
export class Readings {
  readonly #parts: RecorderParts;
  /** Containers whose record may be out of date, by ID. */
  readonly #due = new Set<string>();
  /** Nothing is asked for them; records are immutable, so this stands. */
  readonly #plain = new WeakSet<ContainerRecord>();
  /** Engines with none but such, and how often their containers had changed then. */
  readonly #plainEngines = new WeakMap<Inventory, number>();
  /** When a container without a record is looked at next, Unix milliseconds, by its ID. */
  readonly #strangers = new Map<string, number>();

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** Its body or its networks may have changed. */
  due(containerId: string): void {
    this.#due.add(containerId);
  }

  /** It has changed now: while it is not read, a failure of its engine would lose that. */
  readSoon(containerId: string, engine: Engine): void {
    this.due(containerId);
    this.readDue(new Map([[engine.engineId, engine]]), [containerId]);
  }

  /** Starts reading what is due, as far as its engines are well. */
  readDue(homes: ReadonlyMap<string, Engine>, due: Iterable<string> = this.#due): void {
    const { book, tasks } = this.#parts;
    for (const id of due) {
      const wanted = book.ofContainer(id);
      if (wanted?.last.containerId !== id) this.#due.delete(id);
      else {
        const engine = homes.get(wanted.last.engineId);
        if (engine === undefined || recordAt(engine, wanted) === undefined || book.isHeld(wanted.swarmId))
          continue;
        tasks.start(engine, `read ${id}`, () => this.#read(wanted.swarmId, id, engine));
      }
    }
  }

  /** Takes up containers with a policy that have no record, and the successors of those that have. */
  adopt(engines: Iterable<Engine>): void {
    const { book, now, tasks } = this.#parts;
    const unknown = new Set<string>();
    for (const engine of engines) {
      const { inventory } = engine.cache;
      if (this.#plainEngines.get(inventory) === inventory.version) continue;
      let arePlain = true;
      for (const record of inventory.containers.values()) {
        if (this.#plain.has(record)) continue;
        if (policyOf(record.labels) === undefined) {
          this.#plain.add(record);
          continue;
        }
        arePlain = false;
        const { id } = record;
        if (book.ofContainer(id) !== undefined || book.removed.covers(record)) continue;
        unknown.add(id);
        const next = this.#strangers.get(id);
        if (next !== undefined && next > now()) continue;
        const isNew = next === undefined;
        this.#strangers.set(id, now() + (isNew ? ADOPT_AFTER_MS : ADOPT_AGAIN_MS));
        // Of a lost engine all that can be known is what another manager has recorded.
        if (isNew || !engine.isHealthy) tasks.start(engine, `look up ${id}`, () => this.#lookUp(record));
        else tasks.start(engine, `adopt ${id}`, () => this.#adopt(id, engine));
      }
      if (arePlain) this.#plainEngines.set(inventory, inventory.version);
    }
    for (const id of this.#strangers.keys()) if (!unknown.has(id)) this.#strangers.delete(id);
  }

  reset(): void {
    this.#due.clear();
    this.#strangers.clear();
  }

  async #read(swarmId: string, id: string, engine: Engine): Promise<void> {
    const { book, now } = this.#parts;
    this.#due.delete(id);
    const inspect = await this.#inspect(id, engine);
    const wanted = book.get(swarmId);
    if (inspect === undefined || wanted?.last.containerId !== id || book.isHeld(swarmId)) return;
    const read = {
      name: inspect.Name.replace(/^\//, ""),
      create: { ...wanted.create, body: changedByUpdate(wanted.create.body, inspect, engine.cpus) },
      ...networksOf(inspect, engine),
    };
    const known = {
      name: wanted.name,
      create: wanted.create,
      networks: wanted.networks,
      localNetworks: wanted.localNetworks,
    };
    if (JSON.stringify(read) !== JSON.stringify(known))
      void book.put({ ...wanted, ...read, updatedMs: now() });
  }

  /** @returns undefined: the engine refuses; when it cannot be reached, it is due again @throws EngineUnreachableError */
  async #inspect(id: string, engine: Engine): Promise<ContainerInspect | undefined> {
    try {
      return await engine.client.inspectContainer(id);
    } catch (error) {
      if (error instanceof EngineResponseError) return undefined;
      this.#due.add(id);
      throw error;
    }
  }

  /** Another manager may have recorded it, or its removal, since the book was read. */
  async #lookUp(record: ContainerRecord): Promise<void> {
    const { book, tasks } = this.#parts;
    const swarmId = swarmIdOf(record);
    if (book.get(swarmId) === undefined) await book.fresh(swarmId, tasks.signal);
    await book.removed.knows(record, tasks.signal);
  }

  async #adopt(id: string, engine: Engine): Promise<void> {
    const { book, now, log } = this.#parts;
    const record = (): ContainerRecord | undefined => engine.cache.inventory.containers.get(id);
    const seen = record();
    if (seen === undefined) return;
    const swarmId = swarmIdOf(seen);
    await this.#lookUp(seen);
    if (book.removed.covers(seen)) return;
    const known = book.get(swarmId);
    const inspect = known === undefined ? await engine.client.inspectContainer(id) : undefined;
    const current = record();
    const policy = current && policyOf(current.labels);
    if (current === undefined || policy === undefined || book.get(swarmId) !== known) return;
    if (known !== undefined) {
      if (known.last.containerId !== id && this.#replaces(current, known)) this.#succeed(current, known);
      return;
    }
    if (inspect === undefined) return;
    log.debug(
      { container: id, name: current.names[0] },
      "a container that nobody recorded is wanted from now on",
    );
    await book.put({
      swarmId,
      name: current.names[0] ?? "",
      policy,
      run: runs(current) ? "running" : "stopped",
      last: placeOf(current),
      formerIds: current.formerIds,
      create: createFromInspect(inspect, engine),
      ...networksOf(inspect, engine),
      updatedMs: now(),
    });
  }

  /**
   * Whether it was made in place of the container a record knows, which is gone: when a start moved it to another node, or another manager did. Labels
   * alone do not say so, for `docker commit` copies them into images.
   */
  #replaces(record: ContainerRecord, known: WantedContainer): boolean {
    const { name, last, swarmId } = known;
    const from = record.labels[RESCHEDULED_FROM_LABEL];
    const isNamed = record.formerIds.includes(last.containerId) || from === last.containerId;
    return isNamed && record.names[0] === name && !this.#parts.book.isHeld(swarmId) && this.#isGone(known);
  }

  /** Not there, and its engine is. */
  #isGone(known: WantedContainer): boolean {
    const engine = healthyById(this.#parts.cluster).get(known.last.engineId);
    return engine !== undefined && recordAt(engine, known) === undefined;
  }

  #succeed(record: ContainerRecord, known: WantedContainer): void {
    const { book, now } = this.#parts;
    void book.put({
      ...known,
      run: runs(record) ? "running" : known.run,
      last: placeOf(record),
      formerIds: [...known.formerIds.filter((id) => id !== record.id), known.last.containerId],
      updatedMs: now(),
    });
  }
}

function networksOf(
  inspect: ContainerInspect,
  engine: Engine,
): Pick<WantedContainer, "networks" | "localNetworks"> {
  const networks = endpointsOf(inspect);
  return { networks, localNetworks: localNetworksOf(Object.keys(networks), engine.cache.inventory.networks) };
}
