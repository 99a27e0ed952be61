import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import { AddressError, parseAddress } from "../../discovery/address.ts";
import { ApiError, badRequest, notFound } from "../errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import { tokenPattern } from "./clusters-file.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { Registry } from "./registry.ts";
import type { Saver } from "./saver.ts";
import type { ServiceConfig } from "./types.ts";

export interface AppParts {
  readonly config: Pick<ServiceConfig, "limits" | "trustedProxies">;
  readonly registry: Registry;
  readonly saver: Pick<Saver, "flush" | "failure">;
  readonly rates: RateLimits;
  readonly log: Logger;
}

const maxUrl = 1024;
const maxBody = 1024;
/** Of names, by the DNS. */
const maxAddress = 253 + ":65535".length;
const defaultTtlSeconds = 180;

/** The hosted hub's API, at `/v1` as it was and at the root, where `token://HOST:PORT/TOKEN` looks (spec: discovery.md §3). */
export function createServiceApp(parts: AppParts): Express {
  const { config, log } = parts;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.enable("case sensitive routing");
  app.set("trust proxy", config.trustedProxies);
  app.use((req, res, next) => {
    res.set({ "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" });
    if (req.url.length > maxUrl) throw new ApiError(414, `the URL is longer than ${maxUrl} characters`);
    next();
  });
  const router = createRouter(parts);
  app.use("/v1", router);
  app.use(router);
  app.use(() => {
    throw notFound("page not found");
  });
  app.use(answerErrors(log));
  return app;
}

function createRouter({ config: { limits }, registry, saver, rates, log }: AppParts): express.Router {
  const router = express.Router({ caseSensitive: true });
  const body = express.text({ type: () => true, limit: maxBody, inflate: false });

  router.post("/clusters", rates.create, body, async (_req, res) => {
    // A token is a promise: not given before it is kept, and not at all when it cannot be.
    const token = registry.create();
    try {
      await saver.flush();
    } catch {
      registry.deleteCluster(token);
      throw cannotSave();
    }
    res.type("text/plain").send(token);
  });
  router.all("/clusters", allow("POST"));

  router.get("/clusters/:token", rates.read, (req, res) => {
    res.type("application/json").send(registry.list(tokenOf(req.params)));
  });
  router.post("/clusters/:token", rates.register, body, (req, res) => {
    const address = readAddress(req.body);
    registry.register(tokenOf(req.params), address, readTtlMs(req.query.ttl, limits.maxTtlSeconds));
    res.type("text/plain").send("OK");
  });
  router.delete("/clusters/:token", rates.register, (req, res) => {
    registry.deleteCluster(tokenOf(req.params));
    res.type("text/plain").send("OK");
  });
  router.all("/clusters/:token", allow("GET, HEAD, POST, DELETE"));

  router.delete("/clusters/:token/:address", rates.register, (req, res) => {
    registry.deleteEntry(tokenOf(req.params), readAddress(req.params.address));
    res.type("text/plain").send("OK");
  });
  router.all("/clusters/:token/:address", allow("DELETE"));

  router.get("/health", (_req, res) => {
    // Still worth sending clients to, with a disk or without.
    res.json({ status: "ok", saved: saver.failure === undefined });
  });
  router.all("/health", allow("GET, HEAD"));
  log.debug("routes are ready");
  return router;
}

/** What is no token is no cluster, either. */
function tokenOf({ token = "" }: { readonly token?: string }): string {
  if (!tokenPattern.test(token)) throw notFound("no such cluster");
  return token;
}

/** The bare `host:port`, as the original's agents send it, or a JSON string. */
function readAddress(body: unknown): string {
  let text: unknown = typeof body === "string" ? body.trim() : "";
  if (typeof text === "string" && text.startsWith('"')) {
    try {
      text = JSON.parse(text) as unknown;
    } catch {
      throw badRequest("the body is neither host:port nor a JSON string");
    }
  }
  if (typeof text !== "string" || text === "") throw badRequest("the body must be host:port");
  if (text.length > maxAddress) throw badRequest(`the address is longer than ${maxAddress} characters`);
  try {
    return parseAddress(text).address;
  } catch (error) {
    if (error instanceof AddressError) throw badRequest(error.message);
    throw error;
  }
}

/** Whole seconds; none and 0 are the agents' default. */
function readTtlMs(value: unknown, maxSeconds: number): number {
  if (value === undefined || value === "" || value === "0") return defaultTtlSeconds * 1000;
  if (typeof value !== "string" || !/^\d{1,9}$/.test(value)) {
    throw badRequest("ttl must be a number of whole seconds");
  }
  const seconds = Number(value) || defaultTtlSeconds;
  if (seconds > maxSeconds) throw badRequest(`ttl must be at most ${maxSeconds} seconds`);
  return seconds * 1000;
}

function cannotSave(): ApiError {
  return new ApiError(503, "no new clusters: this service cannot write to its disk");
}

function allow(methods: string): RequestHandler {
  return (_req, res) => {
    res.set("Allow", methods);
    throw new ApiError(405, `only ${methods} here`);
  };
}

/** Docker's error body. Express and its parsers say the status of what a client did wrong; all else is our fault. */
function answerErrors(log: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    const { status: said } = (error ?? {}) as { readonly status?: unknown };
    const status = typeof said === "number" && said >= 400 && said < 600 ? said : 500;
    const isOurs = !(error instanceof ApiError);
    const message = !isOurs ? error.message : (clientFaults[status] ?? "internal error");
    if (isOurs && status >= 500) log.error({ err: error, method: req.method }, "request failed");
    else log.debug({ method: req.method, status, addr: req.ip }, message);
    if (res.headersSent) res.destroy();
    else res.status(status).json({ message });
  };
}

/** Texts for what Express itself finds. */
const clientFaults: Readonly<Record<number, string>> = {
  400: "malformed request",
  413: `the body is longer than ${maxBody} bytes`,
  415: "the body must be plain, uncompressed UTF-8",
};
