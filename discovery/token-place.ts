/** Where a cluster of a token service is. */
export interface TokenPlace {
  /** What `/clusters` is appended to; no slash at its end. */
  readonly base: URL;
  readonly token: string;
  /** The server may speak plain HTTP although the base says https: on this machine nobody listens in between. */
  readonly mayBePlain: boolean;
}

/** Names of the two ways to say which token service is meant; also for help and messages. */
export const serviceOption = "token.service";
export const serviceVariable = "SWARM_DISCOVERY_SERVICE";

const noService =
  "token:// names no server, and the public token service was switched off in June 2019: run your own with `swarm discovery-service` and name it with " +
  `--discovery-opt ${serviceOption}=URL, with $${serviceVariable}, or as in token://HOST:PORT/TOKEN`;

/**
 * Reads what follows `token://`: a token, or a server with an optional path, a slash and a token. The last slash splits; a server in the URI
 * is always https and replaces the base as a whole (spec: discovery.md §1, §3).
 * @param service the base used when the URI names no server; `""`: none is known
 * @throws Error `token is empty`, or naming what cannot be
 */
export function parseTokenPlace(place: string, service: string): TokenPlace {
  const slash = place.lastIndexOf("/");
  const token = place.slice(slash + 1);
  if (token === "") throw new Error("token is empty");
  if (!/^[\w~-][\w.~-]{0,127}$/.test(token)) {
    throw new Error("the token of token:// may have only letters, digits and -._~, 128 at most");
  }
  if (slash < 0) {
    if (service === "") throw new Error(noService);
    return { base: parseService(service), token, mayBePlain: false };
  }
  const base = parseBase(`https://${place.slice(0, slash)}`, "token://");
  return { base, token, mayBePlain: isLoopback(base.hostname) };
}

/**
 * Reads the URL of a token service. Plain http is for this machine only: a token on the wire is a key to the cluster.
 * @throws Error naming the fault
 */
export function parseService(text: string): URL {
  const base = parseBase(text, "the token service");
  if (base.protocol === "http:" && !isLoopback(base.hostname)) {
    throw new Error(
      `the token service ${text} must be https://: over plain http everybody on the way can read and change the cluster`,
    );
  }
  return base;
}

/** The URL of the service from the options, else from the environment; `""`: neither says. */
export function serviceSetting(
  options: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
): string {
  return options[serviceOption] ?? env[serviceVariable] ?? "";
}

/** The first six characters: enough to tell clusters apart, useless to whoever reads a log. */
export function maskToken(token: string): string {
  return `${token.slice(0, 6)}…`;
}

/** Is this host, as a URL has it, certainly this machine? */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function parseBase(text: string, what: string): URL {
  let url: URL | undefined;
  try {
    url = new URL(text);
    // For `https:///x` it would have the host `x`.
    if (!/^[a-z]+:\/\/[^/\\?#]/i.test(text)) url = undefined;
  } catch {
    url = undefined;
  }
  if (url?.protocol !== "https:" && url?.protocol !== "http:") {
    throw new Error(`${what} needs an address such as https://host:2385, not ${JSON.stringify(text)}`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new Error(`${what} takes no user, password, query or fragment in its address`);
  }
  url.pathname = url.pathname.replace(/\/+$/, "");
  return url;
}
