import { expect } from "chai";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileDiscovery, realWorld, type FileWorld } from "../../discovery/file.ts";
import { pause } from "../../discovery/timing.ts";
import type { DiscoveryUpdate } from "../../discovery/types.ts";
import { addressesOf, itBehavesLikeADiscovery, read } from "./contract.ts";

const missing = Object.assign(new Error("ENOENT"), { code: "ENOENT", errno: -2 });
const settings = { heartbeatMs: 60_000, options: {}, env: {} };

/** A file whose successive looks are scripted: no disk, no clock. The watch ends itself after the last look. */
async function updatesFor(looks: readonly (string | Error)[]) {
  const end = new AbortController();
  const pauses: number[] = [];
  const left = [...looks];
  const world: FileWorld = {
    read: () => {
      const look = left.shift();
      if (look instanceof Error) return Promise.reject(look);
      return Promise.resolve(look ?? "");
    },
    pause: (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
    watch: () => ({
      next: () => {
        if (left.length === 0) end.abort();
        return Promise.resolve();
      },
      reset: () => undefined,
      [Symbol.dispose]: () => undefined,
    }),
  };
  const updates: DiscoveryUpdate[] = [];
  for await (const update of createFileDiscovery("/nodes", settings, world).watch(end.signal)) {
    updates.push(update);
  }
  return { updates, sets: updates.map(addressesOf), pauses };
}

const warningsOf = (update: DiscoveryUpdate | undefined) =>
  update?.kind === "entries" ? update.warnings : undefined;
const errorOf = (update: DiscoveryUpdate | undefined) =>
  update?.kind === "error" ? update.error.message : undefined;

describe("discovery/file", () => {
  describe("on a real disk", () => {
    itBehavesLikeADiscovery(
      async (addresses) => {
        const folder = await mkdtemp(join(tmpdir(), "discovery-"));
        const path = join(folder, "nodes");
        const replace = async (next: readonly string[]) => {
          await writeFile(`${path}.new`, next.join("\n"));
          await rename(`${path}.new`, path);
        };
        await replace(addresses);
        return {
          // The heartbeat is a minute: what arrives sooner was seen by watching the folder.
          discovery: createFileDiscovery(path, settings, {
            ...realWorld,
            pause: (_ms, signal) => pause(1, signal),
          }),
          replace,
          breakSource: () => rm(path),
          [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
        };
      },
      { changes: true },
    );
  });

  it("reads one pattern a line, without comments, blanks, carriage returns and byte order mark", async () => {
    const { sets, updates } = await updatesFor(["\uFEFFa:1\r\n\n  # all: of this\n n[1:2]:2 # and this\n"]);
    expect(sets).to.deep.equal([["a:1", "n1:2", "n2:2"]]);
    expect(warningsOf(updates[0])).to.deep.equal([]);
  });

  it("skips a malformed line and names it", async () => {
    const { sets, updates } = await updatesFor(["a:1\n10.0.0.1\nb:2\n[::1]:x"]);
    expect(sets).to.deep.equal([["a:1", "b:2"]]);
    expect(warningsOf(updates[0])).to.deep.equal([
      "/nodes:2: address 10.0.0.1: missing port in address",
      "/nodes:4: address [::1]:x: the port must be a number from 1 to 65535",
    ]);
  });

  it("names twenty malformed lines and counts the rest", async () => {
    const { updates } = await updatesFor(["a:1\n" + "bad\n".repeat(25)]);
    expect(warningsOf(updates[0])).to.have.length(21);
    expect(warningsOf(updates[0])?.at(-1)).to.equal("/nodes: 5 more malformed lines");
  });

  it("takes a file of nothing but malformed lines for the wrong file, and keeps the set", async () => {
    const { sets, updates } = await updatesFor(["a:1", "<html>", "<html>"]);
    expect(sets).to.deep.equal([["a:1"], "error"]);
    expect(errorOf(updates[1])).to.contain("no valid address in '/nodes': /nodes:1: address <html>");
  });

  it("refuses more than 10000 addresses", async () => {
    const { updates } = await updatesFor(["n[1:9999]:1\nm[1:2]:1"]);
    expect(errorOf(updates[0])).to.equal("'/nodes' names more than 10000 addresses: m[1:2]:1");
  });

  it("says nothing while the file stays as it is", async () => {
    const { sets, pauses } = await updatesFor(["a:1", "a:1", "a:1"]);
    expect(sets).to.deep.equal([["a:1"]]);
    expect(pauses).to.deep.equal([]);
  });

  it("applies a change once two looks agree, never a half-written file", async () => {
    const { sets, pauses } = await updatesFor([
      "a:1\nb:2",
      "a:1",
      "a:1\nb:2\nc:",
      "a:1\nb:2\nc:3",
      "a:1\nb:2\nc:3",
    ]);
    expect(sets).to.deep.equal([
      ["a:1", "b:2"],
      ["a:1", "b:2", "c:3"],
    ]);
    expect(pauses).to.deep.equal([100, 100, 100]);
  });

  it("gives an emptied file a second before it believes it, then warns", async () => {
    const { sets, updates, pauses } = await updatesFor(["a:1", "# none\n", "# none\n"]);
    expect(sets).to.deep.equal([["a:1"], []]);
    expect(pauses).to.deep.equal([1000]);
    expect(warningsOf(updates[1])).to.deep.equal(["'/nodes' lists no engines"]);
  });

  it("ignores a file that was empty only for a moment", async () => {
    const { sets } = await updatesFor(["a:1", "", "a:1", "a:1"]);
    expect(sets).to.deep.equal([["a:1"]]);
  });

  it("reports a missing file at every look, and reads it when it is there", async () => {
    const { sets, updates } = await updatesFor([missing, missing, "a:1", "a:1"]);
    expect(sets).to.deep.equal(["error", "error", ["a:1"]]);
    expect(errorOf(updates[0])).to.equal("failed to read '/nodes': open /nodes: no such file or directory");
  });

  it("overlooks a file that was missing only for a moment", async () => {
    const { sets } = await updatesFor(["a:1", missing, "a:1", "a:1"]);
    expect(sets).to.deep.equal([["a:1"]]);
  });

  it("says that a folder is no file", async () => {
    await using reader = read(createFileDiscovery(tmpdir(), settings));
    expect(errorOf(await reader.next())).to.equal(
      `failed to read '${tmpdir()}': read ${tmpdir()}: is a directory`,
    );
  });
});
