import { expect } from "chai";
import { openStore } from "../../../../src/store/open.ts";
import { startConsulCluster } from "../../../lab/stores/consul.ts";
import { storeHome } from "../home.ts";
import { outlivesItsMembers } from "./members.ts";

interface Session {
  readonly NodeChecks: readonly string[] | null;
  readonly ServiceChecks: readonly unknown[] | null;
}

describe("store/consul of three servers", () => {
  outlivesItsMembers("consul", startConsulCluster);

  // Else the sessions would end, with all that hangs on them, a few seconds after the server they were made at stopped answering the others.
  it("makes locks and entries that hang on nobody's health", async () => {
    await using cluster = await startConsulCluster(storeHome());
    const store = await openStore(`consul://${cluster.addresses}/health`, { options: {} });
    try {
      const lock = await store.lock("leader", "us", { ttlMs: 60_000 });
      await store.put("nodes/a", "1", { ttlMs: 60_000 });
      const { address } = await cluster.leader();
      const sessions = (await (await fetch(`http://${address}/v1/session/list`)).json()) as Session[];
      const checks = sessions.map(({ NodeChecks, ServiceChecks }) => [NodeChecks ?? [], ServiceChecks ?? []]);
      expect(checks).to.deep.equal([
        [[], []],
        [[], []],
      ]);
      await lock.release();
    } finally {
      await store.close();
    }
  });
});
