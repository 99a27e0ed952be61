import type { Engine } from "../cluster/engine.ts";
import type { CreateClient } from "./containers/create-client.ts";
import { hasName, parseImageReference } from "./views/image-reference.ts";

/** A create that was told that its image is missing, by a client which then pulls it and repeats the create. */
export interface ExpectedPull {
  /** See `clientIdentity`. */
  readonly client: string;
  /** As the client wrote it. */
  readonly image: string;
  /** The node the container had been given. */
  readonly engine: Engine;
  /** The same for the same create repeated, and no other. */
  readonly create: string;
  /** Ends what is kept for the container on its node meanwhile. Called at the latest when the entry is forgotten, perhaps again. */
  readonly release: () => void;
}

export interface ClientPullsOptions {
  /** For how long a pull is taken for the create's, milliseconds: clients that pull do so at once, or ask a credential helper first. */
  readonly pullMs?: number;
  /** For how long what is kept on the node waits for that pull. */
  readonly releaseMs?: number;
  /** For how long after its pull a create is taken for the repeated one. */
  readonly repeatMs?: number;
  readonly maxEntries?: number;
}

/** `told`: the client has its 404; `pulling`: its pull is under way; `ending`: over, and we look; `pulled`: the node has the image now. */
type Phase = "told" | "pulling" | "ending" | "pulled";

interface Entry {
  readonly of: ExpectedPull;
  /** Its client and image. */
  readonly group: string;
  /** The create that is to be repeated. */
  create: string;
  phase: Phase;
  /** That create has come, and waits for the pull. */
  claimed: boolean;
  /** Settles when the pull is over, or will not come. */
  readonly over: Promise<void>;
  readonly settle: () => void;
  readonly timers: NodeJS.Timeout[];
}

/**
 * Remembers, between a create that was answered with 404 because its node lacks the image, the pull by which the client reacts, and the
 * create it then repeats, which node that was: the pull goes there alone, with the client's credentials, and the create follows it.
 * Several at a time of one client and image are served in the order they came. In memory, few, and for seconds only; no credentials.
 */
export class ClientPulls {
  /** Oldest first. */
  readonly #entries = new Set<Entry>();
  readonly #pullMs: number;
  readonly #releaseMs: number;
  readonly #repeatMs: number;
  readonly #maxEntries: number;

  constructor(options: ClientPullsOptions = {}) {
    const { pullMs = 10_000, releaseMs = 5_000, repeatMs = 30_000, maxEntries = 1_000 } = options;
    this.#pullMs = pullMs;
    this.#releaseMs = releaseMs;
    this.#repeatMs = repeatMs;
    this.#maxEntries = maxEntries;
  }

  /** A create of this client's was told that the image is missing. */
  expect(of: ExpectedPull): void {
    let settle = (): void => undefined;
    const over = new Promise<void>((resolve) => (settle = resolve));
    const group = groupOf(of.client, of.image);
    const { create } = of;
    const entry: Entry = { of, group, create, phase: "told", claimed: false, over, settle, timers: [] };
    this.#entries.add(entry);
    this.#after(this.#releaseMs, entry, () => of.release());
    this.#after(this.#pullMs, entry, () => this.#forget(entry));
    for (const oldest of this.#entries) {
      if (this.#entries.size <= this.#maxEntries) break;
      this.#forget(oldest);
    }
  }

  /**
   * The node to which this pull of the client's belongs, once; undefined: an ordinary pull. Whoever gets one calls {@link over} when the
   * pull has ended, however it did, before the client learns of the end.
   * @param image any form of the name: `busybox`, `docker.io/library/busybox:latest`, `name@sha256:…`
   * @param isFit a node that is not, such as one that left the cluster meanwhile, is passed over and forgotten
   */
  take(client: string, image: string, isFit: (engine: Engine) => boolean = () => true): Engine | undefined {
    const next = (): Entry | undefined =>
      this.#first(groupOf(client, image), ({ phase }) => phase === "told");
    let entry = next();
    for (; entry !== undefined && !isFit(entry.of.engine); entry = next()) this.#forget(entry);
    if (entry === undefined) return undefined;
    stopTimers(entry);
    entry.phase = "pulling";
    return entry.of.engine;
  }

  /**
   * A pull that {@link take} gave a node is over; said once. Resolves when the manager knows whether that node has the image. Never rejects.
   */
  async over(client: string, image: string, engine: Engine): Promise<void> {
    const isIt = ({ phase, of }: Entry): boolean => phase === "pulling" && of.engine === engine;
    const entry = this.#first(groupOf(client, image), isIt);
    if (entry !== undefined) entry.phase = "ending";
    await engine.cache.refreshImages().catch(() => undefined);
    if (entry === undefined || !this.#entries.has(entry)) return;
    if (!holds(engine, image)) {
      this.#forget(entry);
      return;
    }
    entry.phase = "pulled";
    entry.settle();
    this.#after(this.#repeatMs, entry, () => this.#forget(entry));
  }

  /**
   * The node of a create that its client repeats after a pull, once; undefined: this create is not repeated. Concurrent pulls of one image may
   * have gone to each other's nodes: waits for one under way to this create's node; where none is, another's node is the answer.
   * @param client its `create` is read only after a pull: working it out costs something
   */
  async repeated(
    client: Pick<CreateClient, "identity" | "create">,
    image: string,
    signal: AbortSignal,
  ): Promise<Engine | undefined> {
    const group = groupOf(client.identity, image);
    const pulled = this.#first(group, ({ phase, claimed }) => phase === "pulled" && !claimed);
    // Who comes before any pull is over has not pulled: it is another create that looks the same.
    if (pulled === undefined) return undefined;
    const { create } = client;
    const own = (wanted: Phase): Entry | undefined =>
      this.#first(group, (entry) => entry.create === create && entry.phase === wanted && !entry.claimed);
    const entry = own("pulled") ?? own("ending") ?? own("pulling");
    if (entry !== undefined) {
      entry.claimed = true;
      if (entry.phase !== "pulled") await Promise.race([entry.over, aborted(signal)]);
      this.#forget(entry);
      return entry.of.engine;
    }
    const told = own("told");
    if (told === undefined) return undefined;
    told.create = pulled.create;
    this.#forget(pulled);
    return pulled.of.engine;
  }

  /** The oldest one. */
  #first(group: string, isIt: (entry: Entry) => boolean): Entry | undefined {
    for (const entry of this.#entries) if (entry.group === group && isIt(entry)) return entry;
    return undefined;
  }

  #forget(entry: Entry): void {
    stopTimers(entry);
    this.#entries.delete(entry);
    entry.of.release();
    entry.settle();
  }

  #after(ms: number, entry: Entry, then: () => void): void {
    entry.timers.push(setTimeout(then, ms).unref());
  }
}

const groupOf = (client: string, image: string): string => `${client}\n${imageName(image)}`;

/** One text for all that mean one image to a registry: `busybox` and `docker.io/library/busybox:latest`; a digest makes the tag mean nothing. */
export function imageName(image: string): string {
  const { repository, tag, digest } = parseImageReference(image);
  return digest === undefined ? `${repository}:${tag ?? "latest"}` : `${repository}@${digest}`;
}

function holds(engine: Engine, image: string): boolean {
  const name = parseImageReference(image);
  return engine.cache.inventory.images.some((held) => hasName(held, name));
}

function stopTimers({ timers }: Entry): void {
  for (const timer of timers.splice(0)) clearTimeout(timer);
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
