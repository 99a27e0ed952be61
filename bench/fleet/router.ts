import type { Exchange } from "./exchange.ts";

export type Handler = (exchange: Exchange) => void | Promise<void>;

/** A route as it is written: `get`, `/containers/:id/json`, `/images/*name/json` (a name may hold slashes). */
export interface Route {
  readonly method: "get" | "head" | "post" | "put" | "delete";
  readonly path: string;
  readonly handle: Handler;
}

interface CompiledRoute extends Route {
  /** `POST /containers/:id/start`: in logs, counters and `failNext`. */
  readonly name: string;
  readonly pattern: RegExp;
}

/** Finds the route of a request. Routes that come first win. */
export class Router {
  readonly #byPrefix = new Map<string, CompiledRoute[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const pattern = route.path.replace(/[:*](\w+)/g, (param, name: string) =>
        param.startsWith("*") ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`,
      );
      const name = `${route.method.toUpperCase()} ${route.path}`;
      const prefix = `${route.method.toUpperCase()} ${route.path.split("/")[1] ?? ""}`;
      const compiled = { ...route, name, pattern: new RegExp(`^${pattern}$`) };
      this.#byPrefix.set(prefix, [...(this.#byPrefix.get(prefix) ?? []), compiled]);
    }
  }

  /** Whether `name` is the name of a route. */
  has(name: string): boolean {
    return [...this.#byPrefix.values()].flat().some((route) => route.name === name);
  }

  /** @param path still percent-encoded, without version prefix and query */
  find(
    method: string,
    path: string,
  ): { name: string; handle: Handler; params: Record<string, string> } | undefined {
    for (const route of this.#byPrefix.get(`${method} ${path.split("/")[1] ?? ""}`) ?? []) {
      const match = route.pattern.exec(path);
      if (!match) continue;
      const params: Record<string, string> = {};
      for (const [name, value] of Object.entries(match.groups ?? {})) params[name] = decode(value);
      return { name: route.name, handle: route.handle, params };
    }
    return undefined;
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
