import { expect } from "chai";
import { entries, failure, fakeDiscovery } from "./fake-discovery.ts";
import { swarm } from "./fake-world.ts";

const notice = "2026/11/21 06:04:33 Initializing discovery without TLS\n";

describe("cli/list, from a store", () => {
  // prettier-ignore
  const cases = [
    { it: "prints the first set, in the store's order",  updates: [entries(["b:1", "a:1"]), entries(["c:1"])], stdout: "b:1\na:1\n", stderr: "" },
    { it: "prints nothing for an empty store",           updates: [entries([])],                               stdout: "",           stderr: "" },
    { it: "says what is wrong with entries on stderr",   updates: [entries(["a:1"], ["x skipped"])],           stdout: "a:1\n",      stderr: "2026/11/21 06:04:33 x skipped\n" },
  ];
  for (const { it: what, updates, stdout, stderr } of cases) {
    it(`${what}, and ends with 0`, async () => {
      const discovery = fakeDiscovery({ updates });
      const outcome = await swarm("list etcd://e:1/x", { discovery });
      expect([outcome.code, outcome.stdout, outcome.stderr]).to.deep.equal([0, stdout, notice + stderr]);
    });
  }

  // prettier-ignore
  const failures = [
    { it: "the first error, whatever would follow", line: "list etcd://e:1/x",                updates: [failure("the store is down"), entries(["a:1"])], says: "the store is down" },
    { it: "a store that says nothing in time",      line: "list --timeout 5ms etcd://e:1/x",  updates: [],                                               says: "Timed out" },
    { it: "a time of less than a millisecond",      line: "list --timeout 1us etcd://e:1/x",  updates: [],                                               says: "Timed out" },
  ];
  for (const { it: what, line, updates, says } of failures) {
    it(`ends with 1 and a line on stderr for ${what}`, async () => {
      const discovery = fakeDiscovery({ updates });
      const { code, stdout, stderr } = await swarm(line, { discovery });
      expect([code, stdout, stderr]).to.deep.equal([1, "", `${notice}2026/11/21 06:04:33 ${says}\n`]);
    });
  }

  for (const updates of [[entries(["a:1"])], [failure("down")]]) {
    it(`closes the store and writes nothing to it (${updates[0]?.kind})`, async () => {
      const discovery = fakeDiscovery({ updates });
      await swarm("list etcd://e:1/x", { discovery });
      expect(discovery.calls).to.deep.equal(["close"]);
    });
  }

  it("has its answer although the store cannot be closed", async () => {
    const discovery = fakeDiscovery({
      updates: [entries(["a:1"])],
      close: () => Promise.reject(new Error("stuck")),
    });
    expect(await swarm("list etcd://e:1/x", { discovery })).to.include({ code: 0, stdout: "a:1\n" });
  });

  it("waits for weeks when told to, rather than not at all", async () => {
    const discovery = fakeDiscovery({ updates: [entries(["a:1"])] });
    expect(await swarm("list --timeout 9999h etcd://e:1/x", { discovery })).to.include({ code: 0 });
  });
});
