import { request, type Agent, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import type { CallScope } from "./call-scope.ts";

/** A call with a body that is at hand, or none. */
export interface PlainCall {
  readonly method: string;
  /** With query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: object | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Where it goes. */
export interface CallTarget {
  readonly host: string;
  readonly port: number;
  readonly agent: Agent;
}

/**
 * One HTTP call through the pool of an engine; resolves at the answer's headers. For the thousands of short calls a second: docker-modem
 * takes twice as long for one as Node and the engine together.
 * @throws what Node says of the connection; any error when the scope is given up
 */
export function plainCall(target: CallTarget, call: PlainCall, scope: CallScope): Promise<IncomingMessage> {
  const { host, port, agent } = target;
  const { method, path } = call;
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const headers: OutgoingHttpHeaders = { ...call.headers };
  if (body !== undefined) {
    headers["Content-Type"] ??= "application/json";
    headers["Content-Length"] = Buffer.byteLength(body);
  }
  // Node takes the scheme from the agent.
  const { protocol } = agent as { protocol?: string };
  return new Promise((resolve, reject) => {
    const sent = request({ protocol, host, port, agent, method, path, headers });
    sent.once("response", resolve);
    sent.on("error", reject);
    scope.onGivenUp(() => sent.destroy(new Error("given up")));
    sent.end(body);
  });
}

/**
 * The whole body of an answer.
 * @throws TooLargeError beyond `maxBytes`; any error when it breaks off
 */
export function readWhole(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes <= maxBytes) return;
      chunks.length = 0;
      response.destroy();
      reject(new TooLargeError(maxBytes));
    });
    response.on("end", () => {
      const [only] = chunks;
      resolve(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, bytes));
    });
    response.on("error", reject);
    response.on("close", () => {
      if (!response.complete) reject(new Error("the engine closed the connection"));
    });
  });
}

/** An answer larger than was allowed. */
export class TooLargeError extends Error {
  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes`);
    this.name = new.target.name;
  }
}
