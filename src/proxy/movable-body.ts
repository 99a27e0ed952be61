import { PassThrough } from "node:stream";
import type { Answer } from "./ask.ts";

/** An answer whose headers have arrived. */
export type LiveAnswer = Extract<Answer, { kind: "answer" }>;

/**
 * A response body that has not begun and may still come from another engine: `wait` on a container that is moved before it
 * runs. The first body byte settles who answers.
 */
export class MovableBody extends PassThrough {
  #source: LiveAnswer;
  #settled = false;
  #moving = false;
  #held = false;
  readonly #lastWords: ((error: Error) => string | undefined) | undefined;

  /** @param lastWords what to say in place of a body that never began when the engine is lost; none: the stream is cut */
  constructor(source: LiveAnswer, lastWords?: (error: Error) => string | undefined) {
    super();
    this.#lastWords = lastWords;
    this.#source = source;
    this.#follow(source);
  }

  /**
   * Continues with the answer `next` brings. Resolves false, and stays with the present engine, when the body has begun, another
   * move is under way, or the other engine does not answer with success.
   */
  async moveTo(next: () => Promise<Answer>): Promise<boolean> {
    if (this.#settled || this.#moving || this.#over()) return false;
    this.#moving = true;
    const old = this.#source;
    old.response.pause();
    const answer = await next();
    this.#moving = false;
    if (
      this.destroyed ||
      answer.kind === "failed" ||
      answer.response.statusCode !== old.response.statusCode
    ) {
      if (answer.kind === "answer") answer.request.destroy();
      if (this.#held) return false;
      if (old.response.destroyed && !old.response.readableEnded) this.#lost(old, lostEngine(old));
      else old.response.resume();
      return false;
    }
    this.#source = answer;
    old.request.destroy();
    this.#follow(answer);
    return true;
  }

  /** Keeps the body from the client until {@link release}: while it is open which engine will give it. */
  hold(): void {
    if (this.#over()) return;
    this.#held = true;
    this.#source.response.pause();
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    const { response } = this.#source;
    if (response.destroyed && !response.readableEnded) this.#lost(this.#source, lostEngine(this.#source));
    else response.resume();
  }

  #over(): boolean {
    return this.destroyed || this.writableEnded;
  }

  #follow(source: LiveAnswer): void {
    const { response } = source;
    response.on("data", (chunk: Buffer) => {
      if (source !== this.#source || this.destroyed) return;
      this.#settled = true;
      if (!this.write(chunk)) {
        response.pause();
        this.once("drain", () => this.#held || response.resume());
      }
    });
    response.once("end", () => {
      if (source === this.#source && !this.destroyed) this.end();
    });
    response.once("error", (error) => {
      if (source === this.#source && !this.#moving && !this.#held) this.#lost(source, error);
    });
    if (this.#held) response.pause();
    else if (response.destroyed) this.#lost(source, lostEngine(source));
  }

  #lost(source: LiveAnswer, error: Error): void {
    if (source !== this.#source || this.#over()) return;
    const words = this.#settled ? undefined : this.#lastWords?.(error);
    if (words === undefined) this.destroy(error);
    else this.end(words);
  }
}

function lostEngine({ response }: LiveAnswer): Error {
  return response.errored ?? new Error("the engine closed the connection");
}
