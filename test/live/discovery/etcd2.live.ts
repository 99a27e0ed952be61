import { startEtcdCluster } from "../../lab/stores/etcd.ts";
import { lab } from "../support/fixtures.ts";
import { itFollowsAgents } from "./kv-contract.ts";

/** The part of an answer of etcd's version 2 that is looked at. */
interface Answer {
  readonly node: { readonly nodes?: readonly { readonly key: string; readonly value: string }[] };
}

describe("discovery by etcd's version 2", () => {
  itFollowsAgents({ standstill: false }, async () => {
    const cluster = await startEtcdCluster(lab(), { v2: true });
    const folder = "/v2/keys/swarm/docker/swarm/nodes";
    /** One request as the original sends it, to a member that answers. */
    const request = async (path: string, method = "GET", body?: URLSearchParams) => {
      let last: unknown;
      for (const { address } of cluster.members) {
        const signal = AbortSignal.timeout(2000);
        try {
          return await fetch(`http://${address}${path}`, { method, signal, ...(body && { body }) });
        } catch (error) {
          last = error;
        }
      }
      throw last;
    };
    return {
      cluster,
      uri: `etcd://${cluster.addresses}/swarm`,
      entries: async () => {
        const answer = await request(`${folder}?quorum=true&recursive=true&sorted=true`);
        const { node } = (await answer.json()) as Answer;
        return Object.fromEntries((node.nodes ?? []).map(({ key, value }) => [key.slice(1), value]));
      },
      registerAsOriginal: async (address) => {
        const body = new URLSearchParams({ value: address, ttl: "30" });
        await (await request(`${folder}/${address}`, "PUT", body)).body?.cancel();
        return () => Promise.resolve(); // it only stops writing
      },
      expiresWithinMs: 12_000,
    };
  });
});
