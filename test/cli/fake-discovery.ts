import type { Discovery, DiscoveryUpdate, Registrar } from "../../discovery/types.ts";
import { parseAddress } from "../../discovery/address.ts";
import { until } from "../../discovery/timing.ts";

/** A set of addresses, as `watch` yields it. */
export const entries = (addresses: readonly string[], warnings: readonly string[] = []): DiscoveryUpdate => ({
  kind: "entries",
  addresses: addresses.map(parseAddress),
  warnings,
});

/** A failure, as `watch` yields it. */
export const failure = (text: string): DiscoveryUpdate => ({ kind: "error", error: new Error(text) });

/** A key-value store that yields these updates and takes registrations. */
export interface FakeDiscovery extends Discovery {
  /** `register e:1 180000`, `deregister e:1`, `close`. */
  readonly calls: string[];
}

export function fakeDiscovery({
  updates = [],
  close = () => Promise.resolve(),
  onRegister = () => Promise.resolve(),
}: {
  readonly updates?: readonly DiscoveryUpdate[];
  readonly close?: () => Promise<void>;
  /** Answers each registration. */
  readonly onRegister?: () => Promise<void>;
} = {}): FakeDiscovery {
  const calls: string[] = [];
  const registrar: Registrar = {
    register(address, ttlMs) {
      calls.push(`register ${address} ${ttlMs}`);
      return onRegister();
    },
    deregister(address) {
      calls.push(`deregister ${address}`);
      return Promise.resolve();
    },
    lost: (_address, signal) => until(signal),
  };
  return {
    calls,
    description: "fake://store",
    notices: ["Initializing discovery without TLS"],
    isKeptAlive: true,
    registrar,
    async *watch(signal) {
      yield* updates;
      await until(signal);
    },
    async [Symbol.asyncDispose]() {
      calls.push("close");
      await close();
    },
  };
}
