import { startZooKeeper } from "../../lab/stores/zookeeper.ts";
import { lab } from "../support/fixtures.ts";
import { itElectsOnePrimary } from "./election-contract.ts";

describe("election by ZooKeeper", () => {
  itElectsOnePrimary(async () => {
    const { server, address } = await startZooKeeper(lab());
    return {
      server,
      uri: `zk://${address}/swarm`,
      ttl: "3s",
      leaseMs: 3_500, // sessions end at a tick of half a second
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  });
});
