import { startConsul } from "../../lab/stores/consul.ts";
import { lab } from "../support/fixtures.ts";
import { itElectsOnePrimary } from "./election-contract.ts";

describe("election by Consul", () => {
  itElectsOnePrimary(async () => {
    const { server, address } = await startConsul(lab(), { shortestSession: "1s" });
    return {
      server,
      uri: `consul://${address}/swarm`,
      ttl: "4s",
      leaseMs: 4_000, // a session of 2 s, which Consul keeps for up to twice that
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  });
});
