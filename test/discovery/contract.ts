import { expect } from "chai";
import type { Discovery, DiscoveryUpdate } from "../../discovery/types.ts";

/** A backend under test and the means to move what it reads. */
export interface DiscoveryBench extends AsyncDisposable {
  readonly discovery: Discovery;
  /** Replaces the set; absent for sources that never change. */
  readonly replace?: (addresses: readonly string[]) => Promise<void>;
  /** Makes the source unreadable; absent for sources that never change. */
  readonly breakSource?: () => Promise<void>;
}

/**
 * What every backend promises (discovery/types.ts). `make` starts one whose source holds the given addresses; `changes` says whether
 * the source can be replaced and broken.
 */
export function itBehavesLikeADiscovery(
  make: (addresses: readonly string[]) => DiscoveryBench | Promise<DiscoveryBench>,
  { changes }: { readonly changes: boolean },
): void {
  it("says where it looks", async () => {
    await using bench = await make(["a:1"]);
    expect(bench.discovery.description).to.match(/^[a-z]+:\/\//);
  });

  it("yields the whole set at once, in order, each address once", async () => {
    await using bench = await make(["b:2", "[::1]:3", "a:1", "b:2"]);
    await using reader = read(bench.discovery);
    expect(addressesOf(await reader.next())).to.deep.equal(["b:2", "[::1]:3", "a:1"]);
  });

  it("takes every address apart for dialling", async () => {
    await using bench = await make(["[::1]:3", "a:1"]);
    await using reader = read(bench.discovery);
    const update = await reader.next();
    expect(update?.kind === "entries" && update.addresses).to.deep.equal([
      { host: "::1", port: 3, address: "[::1]:3" },
      { host: "a", port: 1, address: "a:1" },
    ]);
  });

  it("ends when told to, while waiting and before it began", async () => {
    await using bench = await make(["a:1"]);
    const reader = read(bench.discovery);
    await reader.next();
    const waiting = reader.next();
    reader.stop();
    expect(await waiting).to.equal(undefined);

    const early = bench.discovery.watch(AbortSignal.abort())[Symbol.asyncIterator]();
    expect((await early.next()).done).to.equal(true);
  });

  it("serves several readers", async () => {
    await using bench = await make(["a:1"]);
    await using first = read(bench.discovery);
    await using second = read(bench.discovery);
    expect(addressesOf(await first.next())).to.deep.equal(["a:1"]);
    expect(addressesOf(await second.next())).to.deep.equal(["a:1"]);
  });

  if (!changes) return;

  it("yields the new set when it changes", async () => {
    await using bench = await make(["a:1", "b:2"]);
    await using reader = read(bench.discovery);
    await reader.next();
    await bench.replace!(["b:2", "c:3"]);
    expect(addressesOf(await reader.next())).to.deep.equal(["b:2", "c:3"]);
  });

  it("reports a source it cannot read, and goes on when it can", async () => {
    await using bench = await make(["a:1"]);
    await using reader = read(bench.discovery);
    await reader.next();
    await bench.breakSource!();
    expect(addressesOf(await reader.next())).to.equal("error");
    await bench.replace!(["c:3"]);
    let update = await reader.next();
    while (update?.kind === "error") update = await reader.next();
    expect(addressesOf(update)).to.deep.equal(["c:3"]);
  });
}

/** Reads a watch step by step. */
export function read(discovery: Discovery): AsyncDisposable & {
  /** The next update; undefined at the end. */
  next(): Promise<DiscoveryUpdate | undefined>;
  stop(): void;
} {
  const end = new AbortController();
  const iterator = discovery.watch(end.signal)[Symbol.asyncIterator]();
  return {
    async next() {
      const step = await iterator.next();
      return step.done === true ? undefined : step.value;
    },
    stop: () => end.abort(),
    async [Symbol.asyncDispose]() {
      end.abort();
      await iterator.return?.();
    },
  };
}

/** The addresses of an update, or what it is instead. */
export function addressesOf(update: DiscoveryUpdate | undefined): readonly string[] | string {
  return update?.kind === "entries"
    ? update.addresses.map(({ address }) => address)
    : (update?.kind ?? "ended");
}
