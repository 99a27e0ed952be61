import type { EngineUnreachableError } from "../docker/engine-client.ts";
import { httpToHttpsText, refusesCertificate } from "../docker/engine-tls-error.ts";
import { failedBeforeRequest } from "../docker/tls-engine-agent.ts";

/** The connection was never open. */
const CODES: ReadonlySet<string> = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND"]);

/**
 * Did the request not even reach the engine? Then it may safely be made of another. Where TLS failed it did not: before the handshake is
 * over nothing is sent, and who refuses our certificate, or wants TLS at all, reads nothing.
 */
export const neverArrived = ({ code, message, cause }: EngineUnreachableError): boolean =>
  CODES.has(code) || message === httpToHttpsText || failedBeforeRequest(cause) || refusesCertificate(cause);
