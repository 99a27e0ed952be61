import type { EngineTarget } from "../../docker/engine-target.ts";

/** A stream a client opened on a container that has not run yet. */
export interface OpenStream {
  /** Takes it to another engine. False: it could not, and stays. */
  moveTo(target: EngineTarget, containerId: string): Promise<boolean>;
  /** Keeps what the engine sends, and the stream's end, from the client until released. */
  hold(): void;
  release(): void;
}

/**
 * Streams on containers that have not run yet: `docker run` attaches and waits before it starts. While a start is tried they are held,
 * and when it moves the container to another engine they go along.
 */
export class OpenStreams {
  readonly #byContainer = new Map<string, Set<OpenStream>>();

  /** Remembers a stream until the returned function is called. */
  add(containerId: string, stream: OpenStream): () => void {
    const streams = this.#byContainer.get(containerId);
    if (streams === undefined) this.#byContainer.set(containerId, new Set([stream]));
    else streams.add(stream);
    return () => {
      for (const [id, set] of this.#byContainer) {
        if (set.delete(stream) && set.size === 0) this.#byContainer.delete(id);
      }
    };
  }

  /** Holds every stream of a container; the answer releases them, wherever they are by then. */
  hold(containerId: string): () => void {
    const held = [...(this.#byContainer.get(containerId) ?? [])];
    for (const stream of held) stream.hold();
    return () => {
      for (const stream of held) stream.release();
    };
  }

  /** Moves every stream of a container that will go, one after another. False: one would not. */
  async moveAll(containerId: string, target: EngineTarget, newId: string): Promise<boolean> {
    const streams = this.#byContainer.get(containerId);
    if (streams === undefined) return true;
    this.#byContainer.delete(containerId);
    this.#byContainer.set(newId, streams);
    let all = true;
    for (const stream of streams) all = (await stream.moveTo(target, newId)) && all;
    return all;
  }
}
