import type { Socket } from "node:net";
import type { EngineTarget } from "../docker/engine-target.ts";
import type { ClientInput } from "./client-input.ts";
import { closeGently } from "../net/close-gently.ts";
import type { Farewell } from "./http2-farewell.ts";
import { passOn } from "./pass-on.ts";
import type { Replay } from "./replay.ts";

/** An engine's connection whose response head has been read and handed the connection over. */
export interface EngineStream {
  readonly socket: Socket;
  /** Output that came with the head. */
  readonly rest: Buffer;
}

export interface SpliceParts {
  readonly client: Socket;
  readonly input: ClientInput;
  readonly engine: EngineStream;
  readonly replay: Replay;
  /** The same request on another engine, with the body sent so far; rejects unless that engine hands its connection over. */
  readonly reopen: (target: EngineTarget, path: string) => Promise<EngineStream>;
  /** Speaks when the engine ends, before the client's connection does. */
  readonly farewell?: Farewell | undefined;
}

/**
 * Two raw connections joined: bytes untouched both ways, at the pace of the slower side. The client's half-close becomes the
 * engine's and output goes on; an engine that ends, ends the client. An error on either side destroys the other.
 */
export class Splice {
  /** Resolves when both connections are gone. */
  readonly closed: Promise<void>;
  readonly #parts: SpliceParts;
  #engine: Socket;
  #moving = false;
  #held = false;
  #ended = false;

  constructor(parts: SpliceParts) {
    const { client, input, engine } = parts;
    this.#parts = parts;
    this.#engine = engine.socket;
    this.closed = new Promise((resolve) => {
      const onLeft = (): void => {
        this.#engine.destroy();
        resolve();
      };
      input.left.addEventListener("abort", onLeft);
      if (input.left.aborted) onLeft();
    });
    client.on("drain", () => {
      if (!this.#moving) this.#flow();
    });
    this.#join(engine);
  }

  /**
   * Moves the stream to another engine, where the same request is made and what the client sent so far is repeated; the
   * client notices nothing. Resolves false, and stays, when output has flowed already, more than 64 KiB were sent, or the
   * other engine does not hand its connection over.
   */
  async retarget(target: EngineTarget, path: string): Promise<boolean> {
    const { input, replay, reopen, client } = this.#parts;
    if (!replay.possible || this.#moving || this.#over()) return false;
    const old = this.#engine;
    this.#moving = true;
    old.pause();
    input.flowInto(undefined);
    const next = await reopen(target, path).catch(() => undefined);
    this.#moving = false;
    if (this.#over()) {
      next?.socket.destroy();
      return false;
    }
    if (next === undefined) {
      if (old.destroyed && !this.#held) client.destroy();
      else this.#flow();
      this.#takeInput();
      return false;
    }
    this.#engine = next.socket;
    old.destroy();
    if (replay.stream.length > 0) next.socket.write(replay.stream);
    this.#join(next);
    return true;
  }

  /**
   * Keeps the engine's output, and its end, from the client until {@link release}: while it is open whether the container stays there. An
   * engine that removes a container which failed to start ends its streams before we know that it failed.
   */
  hold(): void {
    if (this.#over()) return;
    this.#held = true;
    this.#engine.pause();
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    if (this.#over()) return;
    this.#parts.input.resume();
    if (this.#engine.readableEnded) this.#finish();
    else if (this.#engine.destroyed) this.#parts.client.destroy();
    else this.#flow();
  }

  #over(): boolean {
    return this.#ended || this.#parts.input.left.aborted;
  }

  #join({ socket: engine, rest }: EngineStream): void {
    const whileCurrent = (react: () => void) => (): void => {
      if (engine === this.#engine && !this.#moving && !this.#held) react();
    };
    engine.on("data", (chunk: Buffer) => this.#giveOutput(engine, chunk));
    engine.on(
      "drain",
      whileCurrent(() => this.#parts.input.resume()),
    );
    engine.once(
      "end",
      whileCurrent(() => this.#finish()),
    );
    engine.once(
      "close",
      whileCurrent(() => this.#ended || this.#broke()),
    );
    this.#takeInput();
    if (rest.length > 0) this.#giveOutput(engine, rest);
    else this.#flow();
    if (engine.destroyed && !this.#held) this.#broke();
  }

  /** Reads on, unless the client has yet to take what was read: its memory may be the next read's. */
  #flow(): void {
    if (!this.#held && !this.#parts.client.writableNeedDrain) this.#engine.resume();
  }

  #takeInput(): void {
    const engine = this.#engine;
    this.#parts.input.flowInto({
      data: (chunk) => {
        this.#parts.replay.addStream(chunk);
        return passOn(chunk, engine);
      },
      end: () => void engine.end(),
    });
  }

  #giveOutput(engine: Socket, chunk: Buffer): void {
    if (engine !== this.#engine) return;
    this.#parts.replay.forget();
    this.#parts.farewell?.passed(chunk);
    if (passOn(chunk, this.#parts.client)) this.#flow();
    else engine.pause();
  }

  /** The engine's connection is gone without an end. */
  #broke(): void {
    if (this.#parts.farewell === undefined) this.#parts.client.destroy();
    else this.#finish();
  }

  #finish(): void {
    this.#ended = true;
    const words = this.#parts.farewell?.words() ?? NOTHING;
    if (words.length > 0) this.#parts.client.write(words);
    this.#parts.input.flowInto({ data: () => true, end: () => undefined });
    this.#engine.destroy();
    closeGently(this.#parts.client);
  }
}

const NOTHING = Buffer.alloc(0);
