import { httpToHttpsText, refusesCertificate } from "../../docker/engine-tls-error.ts";
import { failedBeforeRequest } from "../../docker/tls-engine-agent.ts";
import { errorText } from "../../errors.ts";
import { NoPrimaryError } from "../manager-role.ts";
import { ofManagers } from "./peer-agents.ts";

/** An address from the store, as messages show it. */
const shown = (addr: string): string => addr.replace(/[^\x21-\x7e]/g, "?").slice(0, 255);

export const noPrimary = (waitMs: number): NoPrimaryError =>
  new NoPrimaryError(`No elected primary cluster manager: none within ${waitMs / 1000} s, try again`);

export const tooManyWait = (): NoPrimaryError =>
  new NoPrimaryError("No elected primary cluster manager: too many requests wait for one already, try again");

/** Nothing of the request was sent. */
export const unreachable = (addr: string, error: unknown): NoPrimaryError =>
  new NoPrimaryError(
    `Unable to reach primary cluster manager (${ofManagers(errorText(error))}): ${shown(addr)}`,
    { cause: error },
  );

/** The request was sent, and nobody answered. */
export const lostPrimary = (addr: string, error: unknown): NoPrimaryError =>
  new NoPrimaryError(
    `Lost primary cluster manager before it answered (${ofManagers(errorText(error))}): ${shown(addr)}: the request may have been carried out`,
    { cause: error },
  );

/** The managers take each other for the primary. */
export const circle = (managers: readonly string[]): NoPrimaryError =>
  new NoPrimaryError(
    `No elected primary cluster manager: the managers do not agree who it is (${managers.join(" -> ")}), try again`,
  );

/** Whether a connection failed before anything of a request was taken in at the other end. */
export function nothingWasSent(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { syscall = "" } = at as NodeJS.ErrnoException;
    if (syscall === "connect" || syscall === "getaddrinfo") return true;
    if (failedBeforeRequest(at) || refusesCertificate(at) || at.message === httpToHttpsText) return true;
  }
  return false;
}
