import express from "express";
import { match } from "path-to-regexp";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { splitVersion, versionRefusal } from "../docker/api-version.ts";
import { badRequest, notFound, type ApiError } from "../errors.ts";
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

/** What is known of a request before its route is. */
interface Begun {
  readonly clientVersion: string | undefined;
  readonly rawQuery: string;
}

/** As Express's routers hand it on. */
type RoutedRequest = IncomingMessage & {
  readonly params?: Readonly<Record<string, string | string[] | undefined>>;
  begun?: Begun;
};

/** An Express router, called without the application around it: that changes what every request and answer is made of, which slows all of Node's code. */
type Router = (req: IncomingMessage, res: ServerResponse, end: (error?: unknown) => void) => void;

/** The API over Express's routers: what every request goes through, then the routes, then Docker's errors (spec: api.md §1). */
export function createHttpApp(services: Services, routes: readonly Route[]): Api {
  const { cors } = services.config;
  const begin = beginExchange(services);
  const routerFor = routersOf(routes, services.access);
  const refuse = refusal(services);
  const handle = (req: RoutedRequest, res: ServerResponse): void => {
    try {
      if (cors) allowAnyOrigin(res);
      if (!begin(req, res)) return;
      if (cors && answerOptions(req, res)) return;
      const router = routerFor(req);
      if (router === undefined) throw unknownPage(req);
      router(req, res, (error) => refuse(error ?? unknownPage(req), req, res));
    } catch (error) {
      refuse(error, req, res);
    }
  };
  return {
    handle,
    wantsConnection: connectionTest(routes),
    refuse,
    describe: (req) => describeClient(services, req),
  };
}

/**
 * Logs, announces the API version, takes the version off the path and refuses clients it cannot serve.
 * @returns false when it has answered
 * @throws ApiError 400
 */
function beginExchange({ cluster, log, version, access }: Services) {
  const server = `Docker/swarm-${version} (linux)`;
  return (req: RoutedRequest, res: ServerResponse): boolean => {
    const { url = "" } = req;
    log.debug({ method: req.method, uri: url }, messages.httpRequest);
    admitRelayed(req, access);
    const [path, search] = splitAt(originForm(url), "?");
    const range = cluster.apiRange;
    res.setHeader("Api-Version", range.max);
    res.setHeader("Server", server);
    const clean = cleanPath(path);
    if (clean !== path) {
      res.writeHead(301, { Location: `${clean}${search}`, "Content-Length": 0 }).end();
      return false;
    }
    const split = splitVersion(path);
    const refusal =
      split.path === "/_ping" || split.path === "/version" ? undefined : versionRefusal(split.version, range);
    if (refusal !== undefined) throw badRequest(refusal);
    req.begun = { clientVersion: split.version, rawQuery: search };
    req.url = `${split.path}${search}`;
    return true;
  };
}

/** One router per method and first path segment, so that a request is matched against few routes. Engines answer HEAD only where their reference says so. */
function routersOf(
  routes: readonly Route[],
  access: AccessControl | undefined,
): (req: IncomingMessage) => Router | undefined {
  const routers = new Map<string, express.Router>();
  for (const route of routes) {
    const { method, path, handle } = route;
    const key = `${method.toUpperCase()} ${tagOf(path)}`;
    let router = routers.get(key);
    if (router === undefined) routers.set(key, (router = express.Router(EXACT)));
    router[method](path, (req, res) => {
      const exchange = exchangeOf(req, res);
      return access === undefined ? handle(exchange) : access.serve(exchange, route);
    });
  }
  return ({ method, url = "" }) =>
    routers.get(`${method} ${tagOf(splitAt(url, "?")[0])}`) as unknown as Router | undefined;
}

const EXACT = { caseSensitive: true, strict: true };

/** `/containers` of `/containers/web/json` */
function tagOf(path: string): string {
  const end = path.indexOf("/", 1);
  return end < 0 ? path : path.slice(0, end);
}

const unknownPage = ({ method, url = "" }: IncomingMessage): ApiError =>
  notFound(`page not found: ${method} ${splitAt(url, "?")[0]}`);

function exchangeOf(req: RoutedRequest, res: ServerResponse): Exchange {
  const { params = {}, begun } = req;
  const { clientVersion, rawQuery = "" } = begun ?? {};
  let query: URLSearchParams | undefined;
  return {
    req,
    res,
    clientVersion,
    rawQuery,
    get query() {
      return (query ??= new URLSearchParams(rawQuery));
    },
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
