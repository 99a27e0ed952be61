import { expect } from "chai";
import { openStore } from "../../../../src/store/open.ts";
import { startConsulCluster } from "../../../lab/stores/consul.ts";
import { storeHome } from "../home.ts";
import { until } from "../under-test.ts";
import { outlivesItsMembers } from "./members.ts";

describe("store/consul of three servers", () => {
  outlivesItsMembers("consul", startConsulCluster);

  it("keeps locks and entries when the server that they were made at is found to have failed", async () => {
    await using cluster = await startConsulCluster(storeHome());
    const [near, far] = cluster.members;
    const store = await openStore(`consul://${cluster.addresses}/away`, { callTimeoutMs: 1500, options: {} });
    const ask = async (path: string): Promise<unknown> =>
      await (await fetch(`http://${far?.address ?? ""}/v1/${path}`)).json();
    try {
      const lock = await store.lock("leader", "us", { ttlMs: 60_000 });
      await store.put("nodes/a", "1", { ttlMs: 60_000 });
      const sessions = (await ask("session/list")) as { Node: string }[];
      const node = sessions[0]?.Node ?? "";
      expect(sessions.map(({ Node }) => Node)).to.deep.equal([node, node]);
      await near?.server.kill();
      // A little later Consul takes a server for gone that has failed, and what was made there goes with it.
      await until("it has failed", async () =>
        ((await ask(`health/node/${node}`)) as { Status: string }[]).some(
          ({ Status }) => Status === "critical",
        ),
      );
      expect(await ask("session/list")).to.have.length(2);
      expect((await store.get("nodes/a"))?.value).to.equal("1");
      expect(lock.held(), String(lock.lost.reason)).to.equal(true);
      await lock.release();
    } finally {
      await store.close();
    }
  });
});
