/** Why a store did not do what it was asked. */
export type StoreErrorKind =
  /** No answer in time, no connection, or the store has no leader: trying later may help. */
  | "unreachable"
  /** The store knows us not, or does not let us: token, user, password, certificate. */
  | "auth"
  /** The condition of a write did not hold. */
  | "conflict"
  /** A key or value beyond the limits. */
  | "too-large"
  /** A key, value or option no store takes. */
  | "invalid"
  /** The store was closed by us. */
  | "closed"
  /** Any other refusal; the message is the store's. */
  | "failed";

/** What every call of a store rejects with. */
export class StoreError extends Error {
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.kind = kind;
  }
}

/** Codes of Node's network errors after which nothing of a request can have arrived. */
const neverSent = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
]);
const tlsCode = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_OSSL|EPROTO)/;

/** Whether a failed request certainly never reached the other side, so that it may be sent again. */
export function wasNeverSent(error: unknown): boolean {
  return neverSent.has(errorCode(error) ?? "");
}

/** The network's or TLS's own failure as a {@link StoreError}. */
export function connectionError(name: string, error: unknown): StoreError {
  const kind = tlsCode.test(errorCode(error) ?? "") ? "auth" : "unreachable";
  return new StoreError(kind, `${name}: ${connectionText(error)}`, { cause: error });
}

/** Node's `code` of an error, or of the first of several attempts to connect. */
function errorCode(error: unknown): string | undefined {
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === "string" ? code : undefined;
}

function connectionText(error: unknown): string {
  if (error instanceof AggregateError) return connectionText(error.errors[0]);
  const text = error instanceof Error ? error.message : String(error);
  const code = errorCode(error) ?? "";
  if (/^(UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|CERT_)/.test(code)) {
    const remedy = code.startsWith("CERT_") ? "" : "; is kv.cacertfile the authority that signed it?";
    return `the server's certificate is not trusted: ${text}${remedy}`;
  }
  const alert = /^ERR_SSL_(?:SSL|TLS)V\w+?_ALERT_(\w+)$/.exec(code)?.[1];
  if (alert !== undefined) {
    const said = alert.replaceAll("_", " ").toLowerCase();
    return `the server refuses TLS with us: ${said}; does it trust the authority of kv.certfile?`;
  }
  return code === "ERR_SSL_WRONG_VERSION_NUMBER" ? "the server does not speak TLS" : text;
}
