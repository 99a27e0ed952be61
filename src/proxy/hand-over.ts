import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** The part of Node's per-connection HTTP parser we use. It is not documented, and nothing outside this file knows it. */
interface Parser {
  onIncoming: (response: IncomingMessage & { upgrade: boolean }, keepAlive: boolean) => number;
}

/** An answer's head, and the connection that brought it, off Node's HTTP parser and out of its pool; it is paused. */
export interface HandedOver {
  readonly response: IncomingMessage;
  readonly socket: Socket;
  /** What came behind the head in the same breath. */
  readonly rest: Buffer;
}

/**
 * Takes the connection of a request when its answer's head is there and `wants` says so: everything behind the head is then raw bytes, as after
 * an upgrade. Node's parser would copy each piece of a body and has no public way to stop. Where its inside is another, the answer comes as
 * any other does.
 */
export function handOver(
  request: ClientRequest,
  wants: (response: IncomingMessage) => boolean,
  onHandedOver: (taken: HandedOver) => void,
): void {
  request.once("socket", (socket: Socket & { parser?: Partial<Parser> | null }) => {
    const { parser } = socket;
    const inner = parser?.onIncoming;
    if (!parser || typeof inner !== "function") return;
    parser.onIncoming = (response, keepAlive) => {
      if (!response.upgrade && response.statusCode !== undefined && response.statusCode >= 200)
        response.upgrade = wants(response);
      return inner.call(parser as Parser, response, keepAlive);
    };
  });
  request.once("upgrade", (response, socket: Socket, head: Buffer) => {
    socket.pause();
    onHandedOver({ response, socket, rest: Buffer.from(head) });
  });
}
