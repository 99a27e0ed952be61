import type { AnswerBody } from "./answer-body.ts";
import { CANCELLED, EngineUnreachableError, type EventFeed } from "./engine-client.ts";
import { engineEvent } from "./engine-event.ts";
import { JsonSplitter } from "./json-stream.ts";
import type { EngineEvent } from "./types.ts";

/** The answer to `GET /events`, event by event. */
export class AnsweredEventFeed implements EventFeed {
  readonly #body: AnswerBody;
  readonly #signal: AbortSignal;
  readonly #addr: string;

  /** @param signal ends the answer as well */
  constructor(body: AnswerBody, signal: AbortSignal, addr: string) {
    this.#body = body;
    this.#signal = signal;
    this.#addr = addr;
  }

  async read(onEvent: (event: EngineEvent) => void): Promise<void> {
    const splitter = new JsonSplitter((text) => {
      if (this.#signal.aborted) return;
      const event = engineEvent(text);
      if (event !== undefined) onEvent(event);
    });
    try {
      await this.#body.read((piece) => splitter.push(piece));
    } catch (error) {
      if (this.#signal.aborted) return;
      if (error instanceof EngineUnreachableError && error.code !== CANCELLED) throw error;
      throw new EngineUnreachableError(`the event stream of ${this.#addr} broke`, "EUNKNOWN", {
        cause: error,
      });
    }
  }

  pause(): void {
    this.#body.pause();
  }

  resume(): void {
    this.#body.resume();
  }
}
