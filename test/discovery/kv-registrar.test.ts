import { expect } from "chai";
import { BreakableBackend, kvBench, messageOf } from "./kv-support.ts";

const key = "docker/swarm/nodes/a:1";
const signal = new AbortController().signal;

describe("discovery/kv-registrar", () => {
  it("writes the address under its own name, with a TTL, and again", async () => {
    const { discovery, backend } = kvBench();
    await using _ = discovery;
    for (let i = 0; i < 2; i++) {
      const begin = Date.now();
      await discovery.registrar!.register("a:1", 60_000, signal);
      const leaf = backend.tree.get(key);
      expect(leaf?.value).to.equal("a:1");
      expect(leaf?.expiresAt).to.be.within(begin + 60_000, Date.now() + 60_001);
    }
    expect(backend.writes).to.equal(2);
  });

  it("takes its entry away, once", async () => {
    const { discovery, backend } = kvBench();
    await using _ = discovery;
    await discovery.registrar!.register("a:1", 60_000, signal);
    await discovery.registrar!.deregister("a:1", signal);
    expect(backend.tree.get(key)).to.equal(undefined);
    await discovery.registrar!.deregister("a:1", signal);
  });

  it("takes away what an earlier run of it wrote", async () => {
    const { discovery, backend } = kvBench();
    await using _ = discovery;
    await backend.tree.put(key, "a:1", {});
    await discovery.registrar!.deregister("a:1", signal);
    expect(backend.tree.get(key)).to.equal(undefined);
  });

  it("leaves an entry that says something else", async () => {
    const { discovery, backend } = kvBench();
    await using _ = discovery;
    await discovery.registrar!.register("a:1", 60_000, signal);
    await backend.tree.put(key, "b:2", {});
    await discovery.registrar!.deregister("a:1", signal);
    expect(backend.tree.get(key)?.value).to.equal("b:2");
  });

  it("leaves an entry that its successor wrote", async () => {
    const backend = new BreakableBackend();
    const [old, young] = [kvBench({ backend }), kvBench({ backend })];
    await old.discovery.registrar!.register("a:1", 60_000, signal);
    await young.discovery.registrar!.register("a:1", 60_000, signal);
    await old.discovery.registrar!.deregister("a:1", signal);
    expect(backend.tree.get(key)?.value).to.equal("a:1");
    await young.discovery.registrar!.deregister("a:1", signal);
    expect(backend.tree.get(key)).to.equal(undefined);
    for (const { discovery } of [old, young]) await discovery[Symbol.asyncDispose]();
  });

  // prettier-ignore
  const failures = [
    { scheme: "etcd",   kind: "unreachable", says: "client: etcd cluster is unavailable or misconfigured: why?" },
    { scheme: "zk",     kind: "unreachable", says: "zk: could not connect to a server: why?" },
    { scheme: "consul", kind: "unreachable", says: "cannot set or renew session for ttl, unable to operate on sessions: why?" },
    { scheme: "consul", kind: "auth",        says: "why?" },
    { scheme: "etcd",   kind: "failed",      says: "why?" },
  ] as const;
  for (const { scheme, kind, says } of failures) {
    it(`explains what ${scheme} did not do (${kind}): ${says}`, async () => {
      const { discovery, backend } = kvBench({ scheme });
      await using _ = discovery;
      backend.break(kind, "why?");
      for (const call of ["register", "deregister"] as const) {
        const work =
          call === "register"
            ? discovery.registrar!.register("a:1", 60_000, signal)
            : discovery.registrar!.deregister("a:1", signal);
        expect(await messageOf(work), call).to.equal(says);
      }
    });
  }

  it("rejects with the signal's reason, not with an explanation", async () => {
    const { discovery } = kvBench();
    await using _ = discovery;
    const reason = new Error("stopping");
    const said = await discovery.registrar!.register("a:1", 60_000, AbortSignal.abort(reason)).then(
      () => "done",
      (error: unknown) => error,
    );
    expect(said).to.equal(reason);
  });

  describe("lost", () => {
    /** Whether the watch of a registered entry says that it is lost after something was done to the store. */
    const lostAfter = async (act: (backend: BreakableBackend) => Promise<unknown>) => {
      const { discovery, backend } = kvBench();
      await using _ = discovery;
      await discovery.registrar!.register("a:1", 60_000, signal);
      let lost = false;
      const end = new AbortController();
      const watching = discovery.registrar!.lost("a:1", end.signal).then(() => (lost = !end.signal.aborted));
      await act(backend);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      const answer = lost;
      end.abort();
      await watching;
      return answer;
    };

    it("says so when the entry is gone", async () => {
      expect(await lostAfter((backend) => backend.tree.delete(key))).to.equal(true);
    });

    it("says so when it says something else", async () => {
      expect(await lostAfter((backend) => backend.tree.put(key, "b:2", {}))).to.equal(true);
    });

    it("is silent while it is only written again, and while the store is down", async () => {
      expect(await lostAfter((backend) => backend.tree.put(key, "a:1", {}))).to.equal(false);
      expect(
        await lostAfter((backend) => {
          backend.break();
          return Promise.resolve();
        }),
      ).to.equal(false);
    });
  });
});
