import { startEtcdCluster } from "../../../lab/stores/etcd.ts";
import { outlivesItsMembers } from "./members.ts";

describe("store/etcd2 of three members", () => {
  outlivesItsMembers("etcd", async (home) => await startEtcdCluster(home, { v2: true }));
});
