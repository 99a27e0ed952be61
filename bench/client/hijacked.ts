import { connect, type Socket } from "node:net";

/** A connection that attach or exec start has switched to raw bytes. */
export interface Hijacked {
  readonly socket: Socket;
  /** Status line and headers of the answer. */
  readonly head: string;
  /** Raw bytes that came along with the head. */
  readonly early: Buffer;
}

/** The request that asks for such a switch. */
export function upgradeText(path: string, body?: object): string {
  const text = body === undefined ? "" : JSON.stringify(body);
  const type = body === undefined ? "" : "Content-Type: application/json\r\n";
  return `POST ${path} HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n${type}Content-Length: ${text.length}\r\n\r\n${text}`;
}

/** Connects, asks, and waits for the answer's head. @throws {Error} when the answer is no switch */
export async function openHijacked(addr: string, request: string): Promise<Hijacked> {
  const at = addr.lastIndexOf(":");
  const socket = connect({ host: addr.slice(0, at), port: Number(addr.slice(at + 1)), noDelay: true });
  socket.write(request, "latin1");
  let seen = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    const closed = (): void => fail(new Error("closed before it was switched"));
    const onData = (data: Buffer): void => {
      seen = Buffer.concat([seen, data]);
      const end = seen.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", onData).off("error", fail).off("close", closed);
      socket.on("error", () => socket.destroy());
      const head = seen.toString("latin1", 0, end);
      if (head.startsWith("HTTP/1.1 101")) resolve({ socket, head, early: seen.subarray(end + 4) });
      else fail(new Error(seen.toString("latin1")));
    };
    socket.on("data", onData).on("error", fail).on("close", closed);
  });
}
