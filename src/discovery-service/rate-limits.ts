import type { RequestHandler } from "express";
import { MemoryStore, rateLimit } from "express-rate-limit";
import { ApiError } from "../errors.ts";
import { subscriberBits } from "./client-address.ts";
import type { Rates } from "./types.ts";

const windowMs = 60_000;

/** A limit per kind of request, counted per client (see `client-address.ts`). */
export interface RateLimits extends Disposable {
  readonly create: RequestHandler;
  readonly register: RequestHandler;
  readonly read: RequestHandler;
}

/** Whoever asks more often gets 429 with `Retry-After`. */
export function createRateLimits(rates: Rates): RateLimits {
  const stores: MemoryStore[] = [];
  const limitTo = (limit: number): RequestHandler => {
    if (limit === 0) return (_req, _res, next) => next();
    const store = new MemoryStore();
    stores.push(store);
    return rateLimit({
      windowMs,
      limit,
      store,
      standardHeaders: true,
      legacyHeaders: false,
      ipv6Subnet: subscriberBits,
      validate: false, // it would complain on the console about headers that clients make up
      handler: (_req, _res, next) => {
        next(new ApiError(429, `too many requests: at most ${limit} a minute from one address`));
      },
    });
  };
  return {
    create: limitTo(rates.create),
    register: limitTo(rates.register),
    read: limitTo(rates.read),
    [Symbol.dispose]() {
      for (const store of stores) store.shutdown();
    },
  };
}
