import type { Socket } from "node:net";
import { CLIENT_LEFT } from "./client-input.ts";

/** The engine's answer to a request that wants the raw connection, up to the empty line. */
export interface RawResponseHead {
  readonly status: number;
  /** The bytes of status line and headers with the empty line, as received. */
  readonly bytes: Buffer;
  /** What came behind them in the same breath. */
  readonly rest: Buffer;
}

/** More than any engine sends; a peer that exceeds it does not speak HTTP. */
const maxHeadBytes = 64 * 1024;

/**
 * Reads one response head and leaves the socket paused behind it. Interim answers (100, 103) go to `onInterim`.
 * @throws Error when the engine closes first, the signal fires, or what arrives is not an HTTP head within 64 KiB
 */
export function readResponseHead(
  socket: Socket,
  signal: AbortSignal,
  onInterim: (bytes: Buffer) => void,
): Promise<RawResponseHead> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const settle = (finish: () => void): void => {
      socket.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", fail);
      signal.removeEventListener("abort", onAbort);
      socket.pause();
      finish();
    };
    const fail = (error: Error): void => settle(() => reject(error));
    const onEnd = (): void => fail(new Error("the engine closed the connection before it answered"));
    const onAbort = (): void => fail(CLIENT_LEFT);
    const onData = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk]);
      for (;;) {
        const end = seen.indexOf("\r\n\r\n");
        if (end < 0) break;
        const bytes = seen.subarray(0, end + 4);
        const status = statusOf(bytes);
        if (status === undefined) {
          fail(new Error("the engine's answer is not HTTP"));
          return;
        }
        seen = seen.subarray(end + 4);
        if (status >= 200 || status === 101) {
          settle(() => resolve({ status, bytes, rest: seen }));
          return;
        }
        onInterim(bytes);
      }
      if (seen.length > maxHeadBytes) fail(new Error("the engine's response headers are too large"));
    };
    socket.on("data", onData).once("end", onEnd).once("close", onEnd).once("error", fail);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    // Nobody is told twice of an end.
    else if (socket.readableEnded || socket.destroyed) onEnd();
    else socket.resume();
  });
}

function statusOf(head: Buffer): number | undefined {
  const match = /^HTTP\/1\.[01] (\d{3})/.exec(head.toString("latin1", 0, 16));
  return match ? Number(match[1]) : undefined;
}

/** Whether the engine gave up HTTP on this connection: 101, or the 200 of its raw streams that old clients get. */
export function handsOverConnection({ status, bytes }: RawResponseHead): boolean {
  if (status === 101) return true;
  const raw = /\r\ncontent-type:[ \t]*application\/vnd\.docker\.(?:raw|multiplexed)-stream[ \t;\r]/i;
  return status === 200 && raw.test(bytes.toString("latin1"));
}

/** The same head with `Connection: close`: no second request can follow on this connection. */
export function closingHead({ bytes }: RawResponseHead): Buffer {
  const [statusLine = "", ...headers] = bytes.toString("latin1").split("\r\n").slice(0, -2);
  const kept = headers.filter((line) => !/^(?:connection|keep-alive):/i.test(line));
  return Buffer.from([statusLine, ...kept, "Connection: close", "", ""].join("\r\n"), "latin1");
}
