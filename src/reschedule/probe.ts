import { EngineConnections } from "../cluster/engine-address.ts";
import { DockerodeClient } from "../docker/dockerode-client.ts";
import { EngineUnreachableError } from "../docker/engine-client.ts";
import { errorText } from "../errors.ts";
import type { TlsIdentity } from "../tls/identity.ts";
import type { Look } from "./engine-loss.ts";

/** Each of the two calls of a look, milliseconds. */
const LOOK_MS = 5_000;

/** Looks at one address. Never rejects. */
export type Probe = (addr: string, signal: AbortSignal) => Promise<Look>;

/** What says that nobody is there. */
const SILENT_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNABORTED",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "ETIMEDOUT",
  "ECANCELED",
]);

/** Asks `/_ping`, and who it is, with the manager's own certificate, on a connection of its own. */
export function engineProbe(tls: TlsIdentity | undefined): Probe {
  return async (addr, signal) => {
    const at = addr.lastIndexOf(":");
    const host = addr.slice(0, at).replace(/^\[(.*)\]$/, "$1");
    const connections = new EngineConnections(host, Number(addr.slice(at + 1)), tls);
    // Clients listen to their end for as long as it can come; the signal is there for thousands of looks.
    const over = new AbortController();
    const stop = (): void => over.abort();
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    const client = new DockerodeClient({
      host,
      port: connections.port,
      agent: connections.agent,
      wire: connections.wire,
      closed: over.signal,
      deadlines: { probe: LOOK_MS, call: LOOK_MS },
    });
    try {
      await client.ping();
      const info = await client.info().catch(() => undefined);
      return { kind: "answers", engineId: typeof info?.ID === "string" ? info.ID : "" };
    } catch (error) {
      return lookOf(error);
    } finally {
      signal.removeEventListener("abort", stop);
      connections.cut();
    }
  };
}

/** Whoever answers with anything at all is there, and its containers may be, too. */
export function lookOf(error: unknown): Look {
  const why = errorText(error);
  if (error instanceof EngineUnreachableError && SILENT_CODES.has(error.code)) return { kind: "silent", why };
  return { kind: "refuses", why };
}
