import { StoreError } from "./store-error.ts";
import type { StoreErrorKind } from "./store-error.ts";

/** gRPC's status by the names the library gives its errors. */
const kinds: Readonly<Record<string, StoreErrorKind>> = {
  GRPCUnavailableError: "unreachable",
  GRPCDeadlineExceededError: "unreachable",
  GRPCCancelledError: "unreachable",
  GRPCInternalError: "unreachable",
  EtcdWatchStreamEnded: "unreachable",
  GRPCUnauthenticatedError: "auth",
  EtcdAuthenticationFailedError: "auth",
  EtcdInvalidAuthTokenError: "auth",
  EtcdPermissionDeniedError: "auth",
  ClientClosedError: "closed",
};
const byCode: Readonly<Record<number, StoreErrorKind>> = {
  1: "unreachable",
  4: "unreachable",
  7: "auth",
  13: "unreachable",
  14: "unreachable",
  16: "auth",
};

/** Whatever the gRPC library or etcd throws. */
export function grpcError(name: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const { code } = error as { readonly code?: unknown };
  const byName = error instanceof Error ? kinds[error.constructor.name] : undefined;
  const kind = wordKind(text) ?? byName ?? (typeof code === "number" ? byCode[code] : undefined) ?? "failed";
  return new StoreError(kind, `${name}: ${text}`, { cause: error });
}

/** Whether no connection was made, so that the request was not received by anyone. */
export function wasRefused(error: unknown): boolean {
  return (
    error instanceof Error &&
    /ECONNREFUSED|EHOSTUNREACH|ENOTFOUND|No connection established/.test(error.message)
  );
}

/** What etcd says in words under a status that means many things. */
function wordKind(text: string): StoreErrorKind | undefined {
  if (/request is too large|larger than max/.test(text)) return "too-large";
  if (/user name is empty|authentication failed|permission denied|invalid auth token/.test(text))
    return "auth";
  if (/no leader|leader changed|timed out/.test(text)) return "unreachable";
  return /certificate|self.signed/i.test(text) ? "auth" : undefined;
}
