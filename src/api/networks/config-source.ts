import type { Cluster } from "../../cluster/cluster.ts";
import type { Unknown } from "../../docker/types.ts";
import { objectField, stringField } from "../../scheduler/wire.ts";
import { withProperKeys } from "../go-keys.ts";
import { networkGroups } from "../nodes.ts";
import { isLocal, resolveNetwork } from "../views/networks.ts";

/**
 * A network made after another one's settings (`--config-from`) must be on the node that has those, and names them as that engine does.
 * @param body of a create, its own keys spelled properly
 */
export function withConfigSource(
  cluster: Cluster,
  body: Readonly<Unknown>,
): { readonly body: Readonly<Unknown>; readonly node: string | undefined } {
  const given = objectField(body, "ConfigFrom", "network.ConfigReference");
  const source = given === undefined ? {} : withProperKeys(given, ["Network"]);
  const name = stringField(source, "Network");
  const group = resolveNetwork(networkGroups(cluster), name);
  if (group === undefined || !isLocal(group.network)) return { body, node: undefined };
  return {
    body: { ...body, ConfigFrom: { ...source, Network: group.network.Name } },
    node: group.nodes[0].name,
  };
}
