import type { Logger } from "pino";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import { isEndpointTaken } from "../../docker/refusals.ts";
import type { ContainerCreateBody } from "../../docker/types.ts";
import { errorText } from "../../errors.ts";
import { messages } from "../../telemetry/messages.ts";
import { CALL_MS, type Acting } from "./acting.ts";
import { networkOn } from "./networks.ts";

/**
 * Connects a container that does not run yet to those networks of its body which it is not in. The original does so after the start; a service that
 * looks for its peers at once would not find them. What fails is a warning.
 */
export async function connectNetworks(
  { record, name, log }: { readonly record: ContainerRecord; readonly name: string; readonly log: Logger },
  { NetworkingConfig: networking }: ContainerCreateBody,
  acting: Acting,
): Promise<void> {
  const { engine, id, summary } = record;
  const has = summary.NetworkSettings?.Networks ?? {};
  const missing = Object.entries(networking?.EndpointsConfig ?? {}).filter(
    ([network]) => !Object.hasOwn(has, network) && !(isBridge(network) && Object.keys(has).some(isBridge)),
  );
  for (const [network, EndpointConfig] of missing) {
    const reference = networkOn(engine, network)?.Id ?? encodeURIComponent(network);
    try {
      await acting.do(`connecting network ${network} on ${engine.name}`, CALL_MS, (signal) =>
        engine.client.requestText({
          method: "POST",
          path: engine.versionedPath(undefined, `/networks/${reference}/connect`),
          body: { Container: id, EndpointConfig },
          signal,
        }),
      );
    } catch (error) {
      acting.fence();
      if (isEndpointTaken(error)) continue;
      log.warn({ node: engine.name }, messages.networkNotConnected(network, name, errorText(error)));
    }
  }
  if (missing.length > 0)
    await acting.look(`reading container ${id}`, CALL_MS, () => engine.cache.refreshContainer(id));
}

/** Before a container's first start engines call the bridge what its create body called it. */
const isBridge = (network: string): boolean => network === "bridge" || network === "default";
