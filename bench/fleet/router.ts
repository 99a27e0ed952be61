import type { Exchange } from "./exchange.ts";

export type Handler = (exchange: Exchange) => void | Promise<void>;

/** A route as it is written: `get`, `/containers/:id/json`, `/images/*name/json` (a name may hold slashes). */
export interface Route {
  readonly method: "get" | "head" | "post" | "put" | "delete";
  readonly path: string;
  readonly handle: Handler;
}

/** What a request was found to be for. */
export interface FoundRoute {
  /** `POST /containers/:id/start`: in logs, counters and `failNext`. */
  readonly name: string;
  readonly handle: Handler;
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>;
}

/** The parameters in a path that is the route's. */
type Match = (path: string, segments: readonly string[]) => Record<string, string> | undefined;

interface CompiledRoute extends Route {
  readonly name: string;
  readonly match: Match;
}

/** Finds the route of a request. Routes that come first win. */
export class Router {
  readonly #byPrefix = new Map<string, CompiledRoute[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const method = route.method.toUpperCase();
      const prefix = `${method} ${route.path.split("/")[1] ?? ""}`;
      const match = route.path.includes("*") ? matchPattern(route.path) : matchSegments(route.path);
      const compiled = { ...route, name: `${method} ${route.path}`, match };
      this.#byPrefix.set(prefix, [...(this.#byPrefix.get(prefix) ?? []), compiled]);
    }
  }

  /** Whether `name` is the name of a route. */
  has(name: string): boolean {
    return [...this.#byPrefix.values()].flat().some((route) => route.name === name);
  }

  /** @param path still percent-encoded, without version prefix and query */
  find(method: string, path: string): FoundRoute | undefined {
    const segments = path.split("/");
    for (const { name, handle, match } of this.#byPrefix.get(`${method} ${segments[1] ?? ""}`) ?? []) {
      const params = match(path, segments);
      if (params !== undefined) return { name, handle, params };
    }
    return undefined;
  }
}

/** For a path whose parameters have no slashes. */
function matchSegments(route: string): Match {
  const wanted = route.split("/");
  const isParam = wanted.map((segment) => segment.startsWith(":"));
  const named = wanted.flatMap((segment, at) =>
    isParam[at] === true ? [{ at, name: segment.slice(1) }] : [],
  );
  return (_path, segments) => {
    if (segments.length !== wanted.length) return undefined;
    const fits = segments.every((is, at) => (isParam[at] === true ? is !== "" : is === wanted[at]));
    if (!fits) return undefined;
    const params: Record<string, string> = {};
    for (const { at, name } of named) params[name] = decode(segments[at] ?? "");
    return params;
  };
}

/** For a path with a parameter that may hold slashes. */
function matchPattern(route: string): Match {
  const source = route.replace(/[:*](\w+)/g, (param, name: string) =>
    param.startsWith("*") ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`,
  );
  const pattern = new RegExp(`^${source}$`);
  return (path) => {
    const match = pattern.exec(path);
    if (!match) return undefined;
    const groups = Object.entries(match.groups ?? {});
    return Object.fromEntries(groups.map(([name, value]) => [name, decode(value)]));
  };
}

function decode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
