import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { match } from "path-to-regexp";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { splitVersion, versionRefusal } from "../docker/api-version.ts";
import { badRequest, notFound } from "../errors.ts";
import { messages } from "../telemetry/messages.ts";
import type { AccessControl } from "./access/access-control.ts";
import { refusal } from "./answer-error.ts";
import { allowAnyOrigin, answerOptions } from "./cors.ts";
import type { Exchange, Route } from "./exchange.ts";
import { cleanPath } from "./clean-path.ts";
import { describeClient } from "./describe-client.ts";
import { admitRelayed } from "./relayed-client.ts";
import type { Services } from "./services.ts";

export interface HttpApp {
  readonly handle: (req: IncomingMessage, res: ServerResponse) => void;
  /** Does this request take over its connection? Asked before its body is read. */
  readonly wantsConnection: (method: string, url: string, headers: IncomingHttpHeaders) => boolean;
}

/** The API, and what a relay in front of it needs of it. */
export interface Api extends HttpApp {
  /** Answers an error as the API does. */
  readonly refuse: (error: unknown, req: IncomingMessage, res: ServerResponse) => void;
  /** What the primary is told of a request's client. @throws ApiError 400 */
  readonly describe: (req: IncomingMessage) => string;
}

/** The API as an Express application: what every request goes through, then the routes, then Docker's errors (spec: api.md §1). */
export function createHttpApp(services: Services, routes: readonly Route[]): Api {
  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false);
  app.set("query parser", false);
  app.enable("case sensitive routing");
  app.enable("strict routing");
  if (services.config.cors) app.use(allowAnyOrigin);
  app.use(beginExchange(services));
  if (services.config.cors) app.use(answerOptions);
  addRoutes(app, routes, services.access);
  app.use(refuseUnknown);
  const refuse = refusal(services);
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, req: Request, res: Response, _next: NextFunction) => refuse(error, req, res));
  return {
    handle: (req, res) => void app(req, res),
    wantsConnection: connectionTest(routes),
    refuse,
    describe: (req) => describeClient(services, req),
  };
}

/** Logs, announces the API version, takes the version off the path and refuses clients it cannot serve. */
function beginExchange({ cluster, log, version, access }: Services) {
  return (req: Request, res: Response, next: NextFunction): void => {
    log.debug({ method: req.method, uri: req.url }, messages.httpRequest);
    admitRelayed(req, access);
    const [path, search] = splitAt(originForm(req.url), "?");
    const range = cluster.apiRange;
    res.setHeader("Api-Version", range.max);
    res.setHeader("Server", `Docker/swarm-${version} (linux)`);
    const clean = cleanPath(path);
    if (clean !== path) {
      res.writeHead(301, { Location: `${clean}${search}`, "Content-Length": 0 }).end();
      return;
    }
    const split = splitVersion(path);
    const refusal =
      split.path === "/_ping" || split.path === "/version" ? undefined : versionRefusal(split.version, range);
    if (refusal !== undefined) throw badRequest(refusal);
    res.locals.clientVersion = split.version;
    res.locals.rawQuery = search;
    req.url = `${split.path}${search}`;
    next();
  };
}

/** One router per first path segment, so that a request is matched against its own tag's routes only. */
function addRoutes(app: Express, routes: readonly Route[], access: AccessControl | undefined): void {
  const routers = new Map<string, express.Router>();
  for (const route of routes) {
    const { method, path, handle } = route;
    const tag = /^\/[^/]*/.exec(path)?.[0] ?? "/";
    let router = routers.get(tag);
    if (router === undefined) {
      router = express.Router({ caseSensitive: true, strict: true });
      routers.set(tag, router);
    }
    router[method](path, (req, res, next) => {
      // Engines answer HEAD only where their reference says so; a stream would never end.
      if (req.method !== method.toUpperCase()) next();
      else if (access === undefined) return handle(exchangeOf(req, res));
      else return access.serve(exchangeOf(req, res), route);
    });
  }
  app.use((req, res, next) => {
    if (req.method === "OPTIONS") refuseUnknown(req);
    const router = routers.get(/^\/[^/]*/.exec(req.path)?.[0] ?? "/");
    if (router === undefined) next();
    else router(req, res, next);
  });
}

function refuseUnknown({ method, path }: Request): never {
  throw notFound(`page not found: ${method} ${path}`);
}

function exchangeOf(req: Request, res: Response): Exchange {
  const params = req.params as Record<string, string | string[] | undefined>;
  const rawQuery = String(res.locals.rawQuery);
  return {
    req,
    res,
    clientVersion: res.locals.clientVersion as string | undefined,
    rawQuery,
    query: new URLSearchParams(rawQuery),
    param(name) {
      const value = params[name] ?? "";
      return Array.isArray(value) ? value.join("/") : value;
    },
  };
}

/** Whether a request's route takes the connection, by the same patterns Express uses. */
function connectionTest(routes: readonly Route[]): HttpApp["wantsConnection"] {
  const tests = routes
    .filter(({ hijack }) => hijack)
    .map(({ method, path }) => ({
      method: method.toUpperCase(),
      matches: match(path, { sensitive: true, trailing: false }),
    }));
  return (method, url, headers) => {
    // A websocket endpoint without the upgrade is an ordinary request, which the engine refuses.
    if (method === "GET" && headers.upgrade === undefined) return false;
    const [path] = splitAt(originForm(url), "?");
    try {
      return tests.some((test) => test.method === method && test.matches(splitVersion(path).path) !== false);
    } catch {
      return false;
    }
  };
}

/** A request target without scheme and host, which proxies send along (RFC 9112 §3.2.2). */
const originForm = (url: string): string => url.replace(/^https?:\/\/[^/?]*\/?/i, "/");

/** Splits before the first separator; the second part keeps it, or is empty. */
function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at)];
}
