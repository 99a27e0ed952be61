import { startConsulCluster } from "../../lab/stores/consul.ts";
import { lab } from "../support/fixtures.ts";
import { itFollowsAgents } from "./kv-contract.ts";

/** A key as Consul tells it; the value is base64. */
interface Pair {
  readonly Key: string;
  readonly Value: string | null;
  readonly Flags: number;
  readonly Session?: string;
}

/** What the original marks its keys with; as a number it is not exact. */
const flags = "3304740253564472344";

describe("discovery by Consul", () => {
  itFollowsAgents({ standstill: false }, async () => {
    const cluster = await startConsulCluster(lab());
    /** One request as the original sends it, to a server that answers. */
    const request = async (method: string, path: string, body = "") => {
      let last: unknown;
      for (const { address } of cluster.members) {
        const signal = AbortSignal.timeout(2000);
        try {
          const options = method === "GET" ? { method, signal } : { method, signal, body };
          return await (await fetch(`http://${address}/v1${path}`, options)).text();
        } catch (error) {
          last = error;
        }
      }
      throw last;
    };
    return {
      cluster,
      uri: `consul://${cluster.addresses}/swarm`,
      entries: async () => {
        const pairs = JSON.parse(await request("GET", "/kv/swarm/docker/swarm/nodes?recurse=")) as Pair[];
        return Object.fromEntries(pairs.map((pair) => [pair.Key, readPair(pair)]));
      },
      registerAsOriginal: async (address) => {
        const session = '{"Behavior":"delete","LockDelay":"1ms","TTL":"10s"}';
        const { ID } = JSON.parse(await request("PUT", "/session/create", session)) as {
          readonly ID: string;
        };
        const key = `/kv/swarm/docker/swarm/nodes/${address}`;
        await request("PUT", `${key}?acquire=${ID}&flags=${flags}`);
        await request("PUT", `/session/renew/${ID}`);
        await request("PUT", `${key}?flags=${flags}`, address);
        return async () => {
          await request("PUT", `/session/destroy/${ID}`);
        };
      },
      expiresWithinMs: 12_000,
    };
  });
});

/** The value, if the entry is one that the original accepts: its flags, and a session that ends it. */
function readPair({ Key, Value, Flags, Session }: Pair): string {
  if (Flags !== Number(flags)) throw new Error(`${Key} has the flags ${String(Flags)}`);
  if (Session === undefined) throw new Error(`${Key} hangs on no session`);
  return Buffer.from(Value ?? "", "base64").toString("utf8");
}
