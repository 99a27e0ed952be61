/** Go's words for what users search for; Node's own for the rest. */
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by peer",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
  ETIMEDOUT: "i/o timeout",
};

/** Certificates that nobody vouches for, as Node names them. */
const untrusted = /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY|GET)_\w+)$/;

/** Why an HTTP exchange failed, in a sentence: `dial tcp 127.0.0.1:1: connect: connection refused`. */
export function transportErrorText(error: unknown): string {
  // `localhost` has two addresses, and both were tried.
  if (error instanceof AggregateError) return transportErrorText(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  if (code !== undefined && untrusted.test(code)) {
    return `${error.message}: trust its authority with --discovery-opt token.cacertfile=FILE`;
  }
  const known = code === undefined ? undefined : words[code];
  if (known === undefined) return error.message === "" ? (code ?? error.name) : error.message;
  if (syscall !== "connect" || address === undefined) return known;
  const host = address.includes(":") ? `[${address}]` : address;
  return `dial tcp ${host}:${port ?? ""}: connect: ${known}`;
}
