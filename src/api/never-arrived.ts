import type { EngineUnreachableError } from "../docker/engine-client.ts";

/** The connection was never open. */
const CODES: ReadonlySet<string> = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND"]);

/** Did the request not even reach the engine? Then it may safely be made of another. */
export const neverArrived = ({ code }: EngineUnreachableError): boolean => CODES.has(code);
