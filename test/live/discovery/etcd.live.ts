import { Etcd3 } from "etcd3";
import { startEtcdCluster } from "../../lab/stores/etcd.ts";
import { lab } from "../support/fixtures.ts";
import { itFollowsAgents } from "./kv-contract.ts";

describe("discovery by etcd", () => {
  itFollowsAgents({ standstill: true }, async () => {
    const cluster = await startEtcdCluster(lab());
    return {
      cluster,
      uri: `etcd://${cluster.addresses}/swarm`,
      entries: async () => {
        const etcd = new Etcd3({ hosts: cluster.members.map(({ address }) => `http://${address}`) });
        try {
          const found = await etcd.getAll().prefix("/swarm/docker/swarm/nodes/").strings();
          return Object.fromEntries(Object.entries(found).map(([key, value]) => [key.slice(1), value]));
        } finally {
          etcd.close();
        }
      },
      expiresWithinMs: 12_000,
    };
  });
});
