import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { ClientInput } from "../../proxy/client-input.ts";
import { takeOver, type TakenConnection } from "../../proxy/dispatch-upgrade.ts";

/** A request that has not gone anywhere yet. Its body is not read; a client that leaves is noticed. */
export interface Visitor {
  /** Fires when the client leaves. */
  readonly left: AbortSignal;
  /** Nobody watches the client any more: the request goes on as if it had come just now. */
  readonly release: () => void;
}

/** One whose connection becomes a raw stream. */
export interface RawVisitor extends Visitor {
  /** The connection, and what has come behind the request's headers; ends the watch. */
  readonly take: () => { readonly socket: Socket; readonly head: Buffer };
  /** After `take`, as long as the client has heard nothing: its response can be used again. */
  readonly giveBack: () => void;
}

export function plainVisitor(req: IncomingMessage, res: ServerResponse): Visitor {
  const left = new AbortController();
  const leave = (): void => left.abort();
  res.once("close", leave);
  if (res.destroyed || req.socket.destroyed) leave();
  return { left: left.signal, release: () => void res.off("close", leave) };
}

/** Undefined: the request did not come as one that takes its connection. */
export function rawVisitor(req: IncomingMessage, res: ServerResponse): RawVisitor | undefined {
  const taken = takeOver(res);
  return taken && watched(req, taken);
}

function watched({ headers }: IncomingMessage, taken: TakenConnection): RawVisitor {
  const { socket } = taken;
  const left = new AbortController();
  const leave = (): void => left.abort();
  const input = new ClientInput(socket, taken.head);
  input.left.addEventListener("abort", leave);
  if (input.left.aborted) leave();
  // Old clients may close their side and go on reading; with an upgrade nobody does before the answer.
  const onEnd = headers.upgrade === undefined ? (): void => undefined : leave;
  input.flowInto({ data: (chunk) => input.keep(chunk), end: onEnd });
  return {
    left: left.signal,
    release: () => taken.giveBack(input.release()),
    take: () => ({ socket, head: input.release() }),
    giveBack: () => taken.giveBack(),
  };
}
