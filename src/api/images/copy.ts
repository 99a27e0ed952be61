import { Readable } from "node:stream";
import type { Engine } from "../../cluster/engine.ts";
import { limited } from "../../cluster/limited.ts";
import { within } from "../../cluster/within.ts";
import { EngineUnreachableError } from "../../docker/engine-client.ts";
import { jsonTexts } from "../../docker/json-stream.ts";
import { ApiError, errorText } from "../../errors.ts";

/** No byte of the archive and no word of progress for this long, milliseconds: an engine writes a large layer to its disk meanwhile. */
const STALL_MS = 5 * 60_000;
/** Copies at once, in the whole cluster: each is limited by disks and network, not by the manager. */
const COPIES_AT_ONCE = 4;

/** Which image is to come to which node, and from whom. */
export interface ImageCopy {
  /** Those that hold it, in the order to be tried. */
  readonly holders: readonly Engine[];
  readonly to: Engine;
  /** `repository:tag`, which the copy then bears; or an ID, and the copy has no name. */
  readonly reference: string;
}

export interface CopyLimits {
  readonly stallMs?: number;
  readonly atOnce?: number;
}

interface UnderWay {
  readonly copied: Promise<void>;
  readonly cancel: () => void;
  waiting: number;
}

/** Copies images between the nodes of a cluster, each to one node once, however many want it there at the same time. */
export class ImageCopies {
  readonly #underWay = new Map<string, UnderWay>();
  readonly #stallMs: number;
  readonly #inTurn: <T>(work: () => Promise<T>) => Promise<T>;

  constructor({ stallMs = STALL_MS, atOnce = COPIES_AT_ONCE }: CopyLimits = {}) {
    this.#stallMs = stallMs;
    this.#inTurn = limited(atOnce);
  }

  /**
   * Resolves when the node has the image and the manager knows it. Goes on as long as one of those who asked for it waits.
   * @throws ApiError 500 naming the nodes and what went wrong; Error when the signal aborts
   */
  async copy(copy: ImageCopy, signal: AbortSignal): Promise<void> {
    const key = `${copy.to.addr} ${copy.reference}`;
    const shared = this.#underWay.get(key) ?? this.#start(key, copy);
    shared.waiting++;
    try {
      await within(`copying ${copy.reference}`, shared.copied, { signal });
    } finally {
      if (--shared.waiting === 0) {
        shared.cancel();
        if (this.#underWay.get(key) === shared) this.#underWay.delete(key);
      }
    }
  }

  #start(key: string, copy: ImageCopy): UnderWay {
    const life = new AbortController();
    const limits = { stallMs: this.#stallMs, signal: life.signal };
    const copied = this.#inTurn(() => copyFromAny(copy, limits));
    // Whoever waits hears of it; there may be nobody left.
    copied.catch(() => undefined);
    const shared = { copied, cancel: () => life.abort(), waiting: 0 };
    this.#underWay.set(key, shared);
    return shared;
  }
}

interface Limits {
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

async function copyFromAny({ holders, to, reference }: ImageCopy, limits: Limits): Promise<void> {
  const failures: string[] = [];
  for (const from of holders) {
    if (limits.signal.aborted) break;
    const failure = await copyImage(from, to, reference, limits);
    if (failure === undefined) {
      await to.cache.refreshImages();
      return;
    }
    failures.push(failure.text);
    if (!failure.tryNext) break;
  }
  const why = failures.length === 0 ? "no healthy node holds it" : failures.join("; ");
  throw new ApiError(500, `cannot copy image ${reference} to ${to.name}: ${why}`);
}

interface CopyFailure {
  /** `node-1: text` */
  readonly text: string;
  /** Another holder may do better. */
  readonly tryNext: boolean;
}

/** Streams `save` of one engine into `load` of another; nothing is kept here but what is on its way. */
async function copyImage(
  from: Engine,
  to: Engine,
  reference: string,
  { stallMs, signal }: Limits,
): Promise<CopyFailure | undefined> {
  const call = new AbortController();
  const cancel = (): void => call.abort();
  signal.addEventListener("abort", cancel, { once: true });
  let progressAt = performance.now();
  let stalled = false;
  const progress = (): void => void (progressAt = performance.now());
  const watchdog = setInterval(() => {
    stalled = performance.now() - progressAt > stallMs;
    if (stalled) cancel();
  }, stallMs / 10);
  const stallText = `no progress for ${Math.round(stallMs / 1000)} s`;
  /** Whose turn it is. */
  let turn = from;
  const failed = (engine: Engine, error: unknown, tryNext: boolean): CopyFailure => {
    if (stalled) return { text: `${turn.name}: ${stallText}`, tryNext: turn === from };
    if (error instanceof EngineUnreachableError && !call.signal.aborted) engine.noteFailure(error);
    return { text: `${engine.name}: ${errorText(error)}`, tryNext };
  };

  let archive: Readable | undefined;
  let broken: { readonly error: unknown } | undefined;
  try {
    const path = from.versionedPath(undefined, `/images/get?names=${encodeURIComponent(reference)}`);
    const saved = await from.client
      .stream({ method: "GET", path, signal: call.signal })
      .catch((error: unknown) => void (broken = { error }));
    if (saved === undefined) return failed(from, broken?.error, true);
    turn = to;
    const readable = watched(saved, progress, (asking) => (turn = asking ? from : to));
    archive = Readable.from(readable, { objectMode: false });
    archive.once("error", (error) => {
      // Only an archive that ends well may end the upload: a cut one must not be loaded.
      if (!call.signal.aborted) broken = { error };
      if (error instanceof EngineUnreachableError && !call.signal.aborted) from.noteFailure(error);
      cancel();
    });
    await load(to, archive, call.signal, progress);
    return undefined;
  } catch (error) {
    return broken === undefined ? failed(to, error, false) : failed(from, broken.error, true);
  } finally {
    clearInterval(watchdog);
    signal.removeEventListener("abort", cancel);
    // With an error: the engine's client closes the connection of an upload that is not complete only then.
    if (archive?.readableEnded === false)
      archive.on("error", () => undefined).destroy(new Error("the engine wants no more of the upload"));
    cancel();
  }
}

async function load(to: Engine, upload: Readable, signal: AbortSignal, progress: () => void): Promise<void> {
  // Not quiet: its words are signs of life.
  const path = to.versionedPath(undefined, "/images/load?quiet=0");
  const answer = await to.client.stream({ method: "POST", path, upload, signal });
  for await (const text of jsonTexts(watched(answer, progress))) {
    const { error } = JSON.parse(text) as { error?: unknown };
    if (typeof error === "string") throw new ApiError(500, error);
  }
}

/** @param onTurn hears true while the next piece is waited for, false while one is being taken */
async function* watched(
  stream: AsyncIterable<Uint8Array>,
  progress: () => void,
  onTurn: (asking: boolean) => void = () => undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  onTurn(true);
  for await (const chunk of stream) {
    progress();
    onTurn(false);
    yield chunk;
    onTurn(true);
  }
  onTurn(false);
}
