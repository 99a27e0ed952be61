import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { StateDirectory } from "../../src/store/file.ts";
import { ManagedStore } from "../../src/store/managed-store.ts";
import { MemoryBackend } from "../../src/store/memory.ts";
import { openStore } from "../../src/store/open.ts";
import { itBehavesLikeAStore } from "../live/store/contract.ts";
import { quick, rejection, until } from "../live/store/under-test.ts";

describe("store/file", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "swarm-store-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  itBehavesLikeAStore("as a store", { server: false }, async () => {
    const place = mkdtempSync(path.join(tmpdir(), "swarm-store-"));
    const directory = await StateDirectory.open(place);
    const backend = () => new MemoryBackend(directory.tree);
    return {
      ttlMs: 400,
      lockTtlMs: 300,
      open: ({ prefix }) =>
        Promise.resolve(new ManagedStore(backend(), { name: `file://${place}`, prefix, ...quick })),
      dispose: async () => {
        await directory.close();
        rmSync(place, { recursive: true });
      },
    };
  });

  it("keeps entries from one program to the next, with what is left of their time", async () => {
    const long = `long/${"ü/".repeat(150)}key`;
    const first = await openStore(`file://${folder}`);
    await first.put("a/b", "one");
    await first.put(long, "two");
    await first.put("mortal", "soon gone", { ttlMs: 150 });
    const old = await first.put("gone", "x");
    await first.delete("gone");
    await first.close();

    const second = await openStore(`file://${folder}`);
    expect((await second.list({ folder: "" })).map(({ value }) => value)).to.include.members(["one", "two"]);
    await until("the entry's time is over", async () => (await second.get("mortal")) === undefined);
    const entry = await second.put("gone", "again", { when: "absent" });
    expect(entry).not.to.equal(old);
    await second.close();
    await until("its file is gone", () => !readdirSync(path.join(folder, "entries")).includes("mortal.json"));
  });

  it("lets nobody else read what it keeps", async () => {
    const store = await openStore(`file://${path.join(folder, "state")}`);
    await store.put("secret", "x");
    await store.close();
    const mode = (...parts: string[]) => statSync(path.join(folder, "state", ...parts)).mode & 0o777;
    expect([mode(), mode("entries"), mode("entries", "secret.json")]).to.deep.equal([0o700, 0o700, 0o600]);
  });

  it("refuses a damaged entry by name rather than forget it", async () => {
    await (await openStore(`file://${folder}`)).close();
    writeFileSync(path.join(folder, "entries", "a.json"), '{"key":"a","val');
    const { message } = await rejection(openStore(`file://${folder}`));
    expect(message).to.match(/entries\/a\.json is damaged/);
    rmSync(path.join(folder, "entries", "a.json"));
    await (await openStore(`file://${folder}`)).close();
  });

  it("writes nothing once another process has taken the directory", async () => {
    const store = await openStore(`file://${folder}`);
    await store.put("k", "mine");
    const [owner = ""] = readdirSync(folder).filter((name) => name.startsWith("owner."));
    writeFileSync(path.join(folder, `owner.${String(Number(owner.slice(6)) + 1)}`), "{}");
    expect((await rejection(store.put("k", "late"))).message).to.include("was taken over");
    expect((await store.get("k"))?.value).to.equal("mine");
    await store.close();
  });

  it("belongs to one process at a time, and to the next as soon as that one is killed", async function () {
    this.timeout(20_000);
    const script = `
      import { openStore } from ${JSON.stringify(path.resolve(import.meta.dirname, "../../src/store/open.ts"))};
      const store = await openStore(${JSON.stringify(`file://${folder}`)});
      await store.put("written", "0");
      console.log("ready");
      for (let i = 1; ; i++) await store.put("written", "x".repeat(5000) + i);`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: path.resolve(import.meta.dirname, "../.."),
    });
    const ended = once(child, "exit");
    try {
      await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
      const refused = await rejection(StateDirectory.open(folder, 100));
      expect(refused.message).to.equal(
        `${folder} is in use by process ${String(child.pid)}: one program at a time`,
      );
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
    const store = await openStore(`file://${folder}`);
    expect((await store.get("written"))?.value).to.match(/^(0|x{5000}\d+)$/);
    await store.close();
    expect(readdirSync(path.join(folder, "entries"))).to.deep.equal(["written.json"]);
  });
});
