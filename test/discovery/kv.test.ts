import { expect } from "chai";
import { createKvDiscovery } from "../../discovery/kv.ts";
import { addressesOf, itBehavesLikeADiscovery, read } from "./contract.ts";
import { kvBench, messageOf } from "./kv-support.ts";

const folder = "docker/swarm/nodes";
const signal = new AbortController().signal;

describe("discovery/kv", () => {
  describe("over a store", () => {
    itBehavesLikeADiscovery(
      async (addresses) => {
        const { discovery, backend } = kvBench();
        // The keys say nothing: the values count.
        const write = async (next: readonly string[]) => {
          for (const [at, value] of next.entries()) await backend.tree.put(`${folder}/${at}`, value, {});
        };
        await write(addresses);
        return {
          discovery,
          async replace(next) {
            backend.mend();
            for (const { key } of backend.tree.list({ folder: "" })) await backend.tree.delete(key);
            await write(next);
          },
          breakSource() {
            backend.break();
            return Promise.resolve();
          },
          [Symbol.asyncDispose]: () => discovery[Symbol.asyncDispose](),
        };
      },
      { changes: true },
    );
  });

  // prettier-ignore
  const places = [
    { it: "without a prefix",       place: "a:1",         options: {},                             key: "docker/swarm/nodes/x:1",        named: "etcd://a:1" },
    { it: "with one",               place: "a:1,b:2/p/q", options: {},                             key: "p/q/docker/swarm/nodes/x:1",    named: "etcd://a:1,b:2/p/q" },
    { it: "with kv.path",           place: "a:1/p",       options: { "kv.path": "my/nodes/" },     key: "p/my/nodes/x:1",                named: "etcd://a:1/p" },
    { it: "with an empty kv.path",  place: "a:1/p",       options: { "kv.path": "" },              key: "p/docker/nodes/x:1",            named: "etcd://a:1/p" },
  ];
  for (const { it: title, place, options, key, named } of places) {
    it(`has its entries at the original's place, ${title}`, async () => {
      const { discovery, backend } = kvBench({ place, options });
      await using _ = discovery;
      await discovery.registrar!.register("x:1", 60_000, signal);
      expect(backend.tree.get(key)?.value).to.equal("x:1");
      await using reader = read(discovery);
      expect(addressesOf(await reader.next())).to.deep.equal(["x:1"]);
      expect(discovery.description).to.equal(named);
    });
  }

  it("passes over Docker's own nodes, the leader and everything deeper down", async () => {
    const { discovery, backend } = kvBench();
    await using _ = discovery;
    for (const key of [
      "docker/nodes/a:1",
      "docker/swarm/leader",
      `${folder}-old/a:1`,
      `${folder}/deeper/a:1`,
    ]) {
      await backend.tree.put(key, "a:1", {});
    }
    await using reader = read(discovery);
    expect(await reader.next()).to.deep.equal({ kind: "entries", addresses: [], warnings: [] });
  });

  it("says nothing when entries are only written again, as agents do all the time", async () => {
    const { discovery, backend } = kvBench();
    await using _ = discovery;
    await backend.tree.put(`${folder}/a:1`, "a:1", {});
    await using reader = read(discovery);
    await reader.next();
    const next = reader.next();
    const { reads } = backend;
    await backend.tree.put(`${folder}/a:1`, "a:1", { ttlMs: 60_000 });
    await backend.tree.put(`${folder}/other-name`, "a:1", {});
    await backend.untilReads(reads + 2); // when it changed, and when that had settled
    await backend.tree.put(`${folder}/b:2`, "b:2", {});
    expect(addressesOf(await next)).to.deep.equal(["a:1", "b:2"]);
  });

  it("does not see an entry go that comes back at once", async () => {
    const { discovery, backend } = kvBench();
    await using _ = discovery;
    await backend.tree.put(`${folder}/a:1`, "a:1", {});
    await using reader = read(discovery);
    await reader.next();
    const next = reader.next();
    const { reads } = backend;
    await backend.tree.delete(`${folder}/a:1`);
    await backend.untilReads(reads + 1);
    await backend.tree.put(`${folder}/a:1`, "a:1", {});
    await backend.untilReads(reads + 2);
    await backend.tree.put(`${folder}/b:2`, "b:2", {});
    expect(addressesOf(await next)).to.deep.equal(["a:1", "b:2"]);
  });

  it("tells a failure once, another one at once, and the first again after a heartbeat", async () => {
    let time = 0;
    const { discovery, backend } = kvBench({ now: () => (time += 20_000) });
    await using _ = discovery;
    backend.break("failed", "one");
    await using reader = read(discovery);
    const texts: unknown[] = [];
    const next = async () => {
      const update = await reader.next();
      texts.push(update?.kind === "error" && update.error.message);
    };
    await next(); // at 20 s
    backend.break("failed", "two");
    await next(); // at 40 s
    backend.break("failed", "one");
    await next(); // at 80 s, having been silent at 60 s
    expect([texts, time]).to.deep.equal([["one", "two", "one"], 80_000]);
  });

  it("tells the set again after a failure, although it is the same", async () => {
    const { discovery, backend } = kvBench();
    await using _ = discovery;
    await backend.tree.put(`${folder}/a:1`, "a:1", {});
    await using reader = read(discovery);
    for (const round of [1, 2]) {
      expect(addressesOf(await reader.next()), `round ${round}`).to.deep.equal(["a:1"]);
      backend.break();
      expect(addressesOf(await reader.next()), `round ${round}`).to.equal("error");
      backend.mend();
    }
  });

  it("writes nothing to look", async () => {
    const { discovery, backend } = kvBench();
    await using _ = discovery;
    await using reader = read(discovery);
    expect(addressesOf(await reader.next())).to.deep.equal([]);
    expect(backend.writes).to.equal(0);
  });

  it("ends its watches and refuses to register once it is closed", async () => {
    const { discovery } = kvBench();
    await using reader = read(discovery);
    await reader.next();
    const next = reader.next();
    await discovery[Symbol.asyncDispose]();
    expect(await next).to.equal(undefined);
    expect(await messageOf(discovery.registrar!.register("a:1", 1000, signal))).to.equal(
      "etcd://s:1 was closed",
    );
  });

  it("says whether it uses TLS, and which options it does not know", async () => {
    const plain = kvBench({
      options: { "kv.cacert": "/ca.pem", "swarm.x": "1", "kv.etcd": "v3", "kv.path": "x" },
    });
    expect(plain.discovery.notices).to.deep.equal([
      "Initializing discovery without TLS",
      "--discovery-opt kv.cacert is not known and does nothing",
    ]);
    const secure = kvBench({ options: { "kv.cacertfile": "a", "kv.certfile": "b", "kv.keyfile": "c" } });
    expect(secure.discovery.notices).to.deep.equal(["Initializing discovery with TLS"]);
    for (const { discovery } of [plain, secure]) {
      expect(discovery.isKeptAlive).to.equal(true);
      await discovery[Symbol.asyncDispose]();
    }
  });

  // prettier-ignore
  const bad = [
    { place: "",             options: {},                                says: 'consul://: a server is host:port, not ""' },
    { place: "a",            options: {},                                says: 'consul://a: a server is host:port, not "a"' },
    { place: "a:1,b",        options: {},                                says: 'consul://a:1,b: a server is host:port, not "b"' },
    { place: "u:secret@a:1", options: {},                                says: "a server is host:port, without user and password: those are kv.user and kv.passwordfile" },
    { place: "a:1",          options: { "kv.path": "/" },                says: "kv.path=/ names no folder in the store: use kv.path=docker/swarm/nodes" },
    { place: "a:1/\u0007",   options: {},                                says: 'not a key: "\\u0007/docker/swarm/nodes"' },
    { place: "a:1",          options: { "kv.certfile": "c" },            says: "TLS to the store needs kv.cacertfile, kv.certfile, kv.keyfile: kv.cacertfile, kv.keyfile are missing" },
    { place: "a:1",          options: { "kv.cacertfile": "/nope", "kv.certfile": "/nope", "kv.keyfile": "/nope" }, says: 'could not read CA certificate "/nope": open /nope: no such file or directory' },
    { place: "a:1",          options: { "kv.user": "u" },                says: "kv.user and kv.password (or kv.passwordfile) go together" },
    { place: "a:1",          options: { "kv.user": "u", "kv.passwordfile": "/nope" }, says: 'could not read password "/nope": open /nope: no such file or directory' },
  ];
  for (const { place, options, says } of bad) {
    it(`refuses consul://${JSON.stringify(place)} with ${JSON.stringify(options)}`, () => {
      const settings = { heartbeatMs: 1000, options: options as Record<string, string>, env: {} };
      expect(() => createKvDiscovery("consul", place, settings))
        .to.throw()
        .with.property("message", says);
    });
  }
});
