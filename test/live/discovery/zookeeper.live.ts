import { ZooKeeperNodes } from "../../../src/store/zookeeper-nodes.ts";
import { ZooKeeperSession } from "../../../src/store/zookeeper-session.ts";
import { createMode } from "../../../src/store/zookeeper-wire.ts";
import { startZooKeeperCluster } from "../../lab/stores/zookeeper.ts";
import { lab } from "../support/fixtures.ts";
import { itFollowsAgents } from "./kv-contract.ts";

const folder = "/swarm/docker/swarm/nodes";

describe("discovery by ZooKeeper", () => {
  itFollowsAgents({ standstill: true }, async () => {
    const cluster = await startZooKeeperCluster(lab(), { longestSessionMs: 4000 });
    const [first, ...others] = cluster.members.map(({ address }) => address);
    const connection = { endpoints: [first!, ...others], name: "another program" } as const;
    const connect = () =>
      new ZooKeeperNodes(connection, new ZooKeeperSession(connection, 10_000, () => undefined));
    return {
      cluster,
      uri: `zk://${cluster.addresses}/swarm`,
      entries: async () => {
        const nodes = connect();
        try {
          const signal = AbortSignal.timeout(2000);
          await nodes.sync("/", signal);
          const entries: [string, string][] = [];
          for (const name of (await nodes.children(folder, signal)).toSorted()) {
            const node = await nodes.read(`${folder}/${name}`, signal);
            if (node?.stat.ephemeralOwner === 0n) throw new Error(`${name} does not go with its writer`);
            entries.push([`${folder.slice(1)}/${name}`, node?.value ?? ""]);
          }
          return Object.fromEntries(entries);
        } finally {
          await nodes.session.close();
        }
      },
      registerAsOriginal: async (address) => {
        const nodes = connect();
        const signal = AbortSignal.timeout(5000);
        await nodes.create(`${folder}/${address}`, "", createMode.ephemeral, signal);
        await nodes.write(`${folder}/${address}`, address, -1, signal);
        return async () => await nodes.session.close();
      },
      expiresWithinMs: 12_000, // the session's time decides, whatever the TTL
    };
  });
});
