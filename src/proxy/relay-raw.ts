import type { Socket } from "node:net";
import type { HandedOver } from "./hand-over.ts";
import { passOn } from "./pass-on.ts";
import { rawFraming } from "./raw-framing.ts";

/**
 * Sends the body behind a handed-over head to a client's connection as it comes, at the client's pace. Its own end, where the framing has one, is for
 * the caller to write. The engine's connection is closed in any case.
 * @throws Error when the engine ends first or the framing breaks
 */
export function relayRaw({ response, socket: engine, rest }: HandedOver, client: Socket): Promise<void> {
  const framing = rawFraming(response);
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      engine.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", settle);
      client.off("drain", onDrain);
      engine.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    const onEnd = (): void => settle(new Error("the engine closed the connection"));
    const onDrain = (): void => void engine.resume();
    const onData = (piece: Buffer): void => {
      framing?.take(piece, (part) => {
        if (!passOn(part, client)) engine.pause();
      });
      if (framing?.state === "done") settle();
      else if (framing?.state !== "open") settle(new Error("the engine's answer is not framed as HTTP"));
    };
    engine.on("data", onData).once("end", onEnd).once("close", onEnd).once("error", settle);
    client.on("drain", onDrain);
    if (engine.destroyed) onEnd();
    else onData(rest);
    if (!client.writableNeedDrain) engine.resume();
  });
}
