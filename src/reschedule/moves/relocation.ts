import type { ContainerRecord } from "../../cluster/container-record.ts";
import type { Engine } from "../../cluster/engine.ts";
import { errorText } from "../../errors.ts";
import { messages } from "../../telemetry/messages.ts";
import type { WantedContainer } from "../wanted/wanted.ts";
import type { Acting } from "./acting.ts";
import { connectNetworks } from "./connect-networks.ts";
import type { CopyMaker } from "./copy-maker.ts";
import { FailedStarts } from "./failed-starts.ts";
import type { MoverDependencies } from "./mover.ts";
import { newBody } from "./new-body.ts";
import { movedTo } from "./place.ts";
import { releaseEndpoints } from "./release-endpoints.ts";
import { discardCopy } from "./remove-copy.ts";
import { startCopy } from "./start-copy.ts";

/** The copy is made and does not start. It is kept: the next attempt goes on with it. */
export class StartFailedError extends Error {
  constructor(copy: ContainerRecord, cause: unknown) {
    super(`${errorText(cause)} (on ${copy.engine.name})`, { cause });
    this.name = "StartFailedError";
  }
}

/** Where a container comes from. */
export interface Origin {
  readonly containerId: string;
  /** The node's name; `""`: nobody knows any more. */
  readonly node: string;
}

export interface NewCopy {
  readonly origin: Origin;
  /** Networks by name in which it cannot have its old address. */
  readonly addressesLost: ReadonlySet<string>;
  /** `Engine.id`s. */
  readonly excluded: ReadonlySet<string>;
  readonly target?: Engine | undefined;
}

/** The steps that all moves have in common, in the order they are taken: release, make, start. Each leaves things so that another manager can go on. */
export class Relocation {
  readonly #dependencies: MoverDependencies;
  readonly #maker: CopyMaker;
  readonly #failedStarts = new FailedStarts();

  constructor(dependencies: MoverDependencies, maker: CopyMaker) {
    this.#dependencies = dependencies;
    this.#maker = maker;
  }

  /** As the book has it now. @throws Error when its user has removed it meanwhile */
  current({ swarmId, name }: WantedContainer): WantedContainer {
    const now = this.#dependencies.book.get(swarmId);
    if (now === undefined) throw new Error(`container ${name} is no longer wanted`);
    return now;
  }

  /** Takes away what the old container left in networks. @returns see {@link releaseEndpoints} */
  release(wanted: WantedContainer, { containerId }: Origin, acting: Acting): Promise<ReadonlySet<string>> {
    const old = { name: wanted.name, id: containerId, networks: networkNames(wanted) };
    return releaseEndpoints(this.#dependencies, old, acting);
  }

  /** Makes a copy, and remembers it as the one that counts before it can start. @throws Error */
  async make(
    wanted: WantedContainer,
    { origin, addressesLost, excluded, target }: NewCopy,
    acting: Acting,
  ): Promise<ContainerRecord> {
    const { book, log } = this.#dependencies;
    const before = this.current(wanted);
    const body = this.#body(before, addressesLost);
    const copy = await this.#maker.make({ wanted: before, body, excluded, target }, acting);
    const now = book.get(wanted.swarmId);
    if (now === undefined) {
      // Its removal has ended the attempt, too.
      await discardCopy(copy, acting.anew());
      throw new Error(`container ${wanted.name} is no longer wanted`);
    }
    // Should the attempt be over, the copy is found by its label, or is a duplicate of one that is back.
    acting.fence();
    await book.put(movedTo(now, copy));
    log.info(messages.rescheduled(origin.containerId, origin.node, copy.engine.name, copy.id));
    return copy;
  }

  /** Connects the copy to its networks, and starts it if its user wants it to run. @throws StartFailedError, Error */
  async bringUp(
    wanted: WantedContainer,
    copy: ContainerRecord,
    { origin, addressesLost }: Pick<NewCopy, "origin" | "addressesLost">,
    acting: Acting,
  ): Promise<void> {
    const { log } = this.#dependencies;
    const now = this.current(wanted);
    const body = this.#body(now, addressesLost);
    await connectNetworks({ record: copy, name: now.name, log }, body, acting);
    if (this.current(wanted).run !== "running") return;
    log.info(messages.startingRescheduled(origin.containerId, copy.id));
    await this.start(now, copy, origin, acting);
  }

  /** @throws StartFailedError, Error */
  async start(wanted: WantedContainer, copy: ContainerRecord, origin: Origin, acting: Acting): Promise<void> {
    try {
      await startCopy(copy, acting, () => this.release(wanted, origin, acting));
    } catch (error) {
      acting.fence();
      const text = errorText(error);
      if (this.#failedStarts.add(wanted.swarmId, copy.id, text))
        this.#dependencies.log.error(messages.rescheduledNotStarted(copy.id, text));
      throw new StartFailedError(copy, error);
    }
    this.#failedStarts.forget(wanted.swarmId);
  }

  /** How often the copy has failed to start. */
  failedStarts({ swarmId }: WantedContainer, copy: ContainerRecord): number {
    return this.#failedStarts.count(swarmId, copy.id);
  }

  #body(wanted: WantedContainer, addressesLost: ReadonlySet<string>) {
    const { containers } = this.#dependencies.cluster;
    return newBody(wanted, { addressesLost, resolves: (id) => containers.resolve(id) !== undefined });
  }
}

/** All networks it is in, by name. */
export function networkNames({ networks, create }: WantedContainer): readonly string[] {
  if (networks !== undefined) return Object.keys(networks);
  const { HostConfig: host, NetworkingConfig: networking } = create.body;
  return [...new Set([host?.NetworkMode ?? "", ...Object.keys(networking?.EndpointsConfig ?? {})])];
}
