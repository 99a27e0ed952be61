import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import { isMissing } from "../../docker/refusals.ts";
import type { Logger } from "pino";
import { errorText } from "../../errors.ts";
import { messages } from "../../telemetry/messages.ts";
import { CALL_MS, type Acting } from "./acting.ts";
import { spanningNetwork, type SpanningNetwork } from "./networks.ts";

/** Whose endpoints are to go. */
export interface OldContainer {
  /** `""`: none. */
  readonly name: string;
  readonly id: string;
  /** Networks it was in, by name. */
  readonly networks: Iterable<string>;
}

/** Engines asked to take an endpoint away before we give up. */
const MAX_ENGINES = 3;

/**
 * Takes away what a lost container left in the networks that span engines, or a start elsewhere would be refused: `endpoint with name … already
 * exists`. An endpoint is known by the container's name there, or by its ID. Failing to is a warning.
 * @returns networks, by name, where the endpoint may still be
 */
export async function releaseEndpoints(
  { cluster, log }: { readonly cluster: Cluster; readonly log: Logger },
  old: OldContainer,
  acting: Acting,
): Promise<ReadonlySet<string>> {
  const left = new Set<string>();
  await Promise.all(
    [...old.networks].map(async (name) => {
      const spanning = spanningNetwork(cluster, name);
      if (spanning === undefined) return;
      try {
        await releaseFrom(cluster, spanning, old, acting);
      } catch (error) {
        acting.fence();
        left.add(name);
        log.warn({ network: name }, messages.endpointNotRemoved(old.name, errorText(error)));
      }
    }),
  );
  return left;
}

/** @throws Error of the last engine asked */
async function releaseFrom(
  cluster: Cluster,
  { network, engines }: SpanningNetwork,
  { name, id }: OldContainer,
  acting: Acting,
): Promise<void> {
  // One that has a container of this name would take that one out of the network.
  const holders = new Set([...cluster.containers.named(name)].map(({ engine }) => engine));
  const asked = engines.filter((engine) => !holders.has(engine)).slice(0, MAX_ENGINES);
  let failure: unknown = new Error(`no healthy node can be asked about network ${network.Name}`);
  for (const engine of asked) {
    try {
      if (name !== "") await disconnect(engine, network.Id, name, acting);
      await disconnect(engine, network.Id, id, acting);
      return;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function disconnect(
  engine: Engine,
  networkId: string,
  container: string,
  acting: Acting,
): Promise<void> {
  try {
    await acting.do(`removing an endpoint on ${engine.name}`, CALL_MS, (signal) =>
      engine.client.requestText({
        method: "POST",
        path: engine.versionedPath(undefined, `/networks/${networkId}/disconnect`),
        body: { Container: container, Force: true },
        signal,
      }),
    );
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
