import { startEtcd } from "../../lab/stores/etcd.ts";
import { lab } from "../support/fixtures.ts";
import { itElectsOnePrimary } from "./election-contract.ts";

describe("election by etcd", () => {
  itElectsOnePrimary(async () => {
    const { server, address } = await startEtcd(lab());
    return {
      server,
      uri: `etcd://${address}/swarm`,
      ttl: "3s",
      leaseMs: 4_000, // a lease ends up to a second late
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  });
});
