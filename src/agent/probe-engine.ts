import { request, type IncomingMessage } from "node:http";
import { errorText } from "../errors.ts";
import { goDuration } from "../telemetry/go-duration.ts";
import { osErrorText } from "../telemetry/os-error.ts";
import type { Probe } from "./types.ts";

const withinMs = 3000;
/** More than any answer to a ping we look at. */
const maxBodyBytes = 1024;
/** How Go's servers, and so the engine, answer plain HTTP on a TLS port. */
const tlsHint = /client sent an HTTP request to an HTTPS server/i;

/**
 * Pings an engine in plain HTTP. An engine behind TLS counts as answering, by what it says or because it hangs up at once: the agent
 * has no certificates, and whether managers pass the handshake is theirs to say.
 */
export const probeEngine: Probe = ({ host, port }, signal) => probeWithin(withinMs, host, port, signal);

/** {@link probeEngine} with its time as an argument. */
export function probeWithin(
  ms: number,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const end = (fault: string | undefined): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      ping.destroy();
      resolve(fault);
    };
    const giveUp = (): void => end("given up");
    const timer = setTimeout(() => end(`no answer within ${goDuration(ms)}`), ms);
    // Engines refuse odd names in `Host`, and ours may have a zone: any plain name does.
    const options = { host, port, path: "/_ping", agent: false, headers: { host: "docker" } };
    const ping = request(options, (response) => {
      readStart(response).then(
        (body) => end(judgeAnswer(response, body)),
        (error: unknown) => end(judgeFailure(error)),
      );
    });
    ping.on("error", (error) => end(judgeFailure(error)));
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) giveUp();
    else ping.end();
  });
}

async function readStart(response: IncomingMessage): Promise<string> {
  let body = "";
  response.setEncoding("latin1");
  for await (const chunk of response) {
    body += chunk as string;
    if (body.length >= maxBodyBytes) break;
  }
  return body.slice(0, maxBodyBytes);
}

/** An engine may answer an error, its authorisation plugin's for instance: its headers tell it from other servers. */
function judgeAnswer({ statusCode = 0, headers }: IncomingMessage, body: string): string | undefined {
  if (statusCode === 200 && body.trim() === "OK") return undefined;
  if (headers["api-version"] !== undefined || String(headers.server).startsWith("Docker/")) return undefined;
  if (tlsHint.test(body)) return undefined;
  return `another server is there, GET /_ping answers ${statusCode}`;
}

function judgeFailure(error: unknown): string | undefined {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const { code, rawPacket } = first as NodeJS.ErrnoException & { readonly rawPacket?: Buffer };
  // A connection that opens and ends without a word: a TLS server that does not take plain HTTP, like the engine before Go 1.13.
  if (code === "ECONNRESET" || code === "EPIPE") return undefined;
  if (code?.startsWith("HPE_")) {
    // 21: a TLS alert; Go before 1.13 and OpenSSL send one.
    return rawPacket?.[0] === 21 ? undefined : "another server is there, it does not speak HTTP";
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `the name cannot be resolved (${code})`;
  return first instanceof Error ? osErrorText(first) : errorText(first);
}
