import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Pair } from "../support/certificates.ts";

/** What a hub is asked: `POST /clusters/x?ttl=1 body`. */
export interface Hub extends AsyncDisposable {
  readonly port: number;
  readonly asked: string[];
  /** What it answers from now on; default: 200 and `[]`. */
  answer: (request: IncomingMessage) => {
    readonly status?: number;
    readonly body?: string;
    readonly headers?: Record<string, string>;
    /** Never answers. */
    readonly silent?: boolean;
  };
}

/** A stand-in for a token service on this machine, as good or bad as a test wants it; with TLS when it is given a certificate. */
export async function startHub(tls?: Pair, port = 0): Promise<Hub> {
  const handle: RequestListener = (request, response) => {
    void text(request).then((body) => {
      hub.asked.push(`${request.method ?? ""} ${request.url ?? ""}${body === "" ? "" : ` ${body}`}`);
      const { status = 200, body: answer = "[]", headers = {}, silent = false } = hub.answer(request);
      if (!silent) response.writeHead(status, headers).end(answer);
    });
  };
  const server: Server = tls ? createTlsServer(tls, handle) : createServer(handle);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const hub: Hub = {
    port: (server.address() as AddressInfo).port,
    asked: [],
    answer: () => ({}),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return hub;
}
