import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import { ApiError, notFound } from "../../errors.ts";
import { splitNodeName } from "../accepted-engines.ts";
import { flag, sendStatus, type Exchange } from "../exchange.ts";
import { askEach, engineStatus, jointError } from "../fan-out.ts";
import type { Services } from "../services.ts";
import { refreshVolumes, volumePerNode } from "./known-volumes.ts";

/** Where a volume is to be removed, and its name there. */
interface Copy {
  readonly engine: Engine;
  readonly name: string;
}

/**
 * `DELETE /volumes/{name}`: on every node that has it, or on the one named `node/name` (images-networks-volumes.md §3.5). A node that cannot do it, or
 * cannot be asked, has a line in the error; the others have removed theirs.
 */
export async function remove({ cluster }: Services, exchange: Exchange): Promise<void> {
  const reference = exchange.param("name");
  const held = heldCopies(cluster, reference);
  const copies = held.length === 0 && flag(exchange.query, "force") ? everywhere(cluster, reference) : held;
  if (copies.length === 0) throw notFound(`No such volume ${reference}`);
  const names = new Map(copies.map(({ engine, name }) => [engine, name]));

  const { answers, failed } = await askEach([...names.keys()], async (engine) => {
    if (!engine.isHealthy) throw new ApiError(500, "the node is not healthy");
    const path = `/volumes/${encodeURIComponent(names.get(engine) ?? "")}${exchange.rawQuery}`;
    try {
      await engine.client.send("DELETE", engine.versionedPath(exchange.clientVersion, path));
    } finally {
      await refreshVolumes(engine);
    }
  });
  // A volume that spans engines is gone from all of them with the first answer.
  const left = answers.length > 0 ? failed.filter((failure) => engineStatus(failure) !== 404) : failed;
  if (left.length > 0) throw jointError(left);
  sendStatus(exchange.res, 204);
}

function heldCopies(cluster: Cluster, reference: string): readonly Copy[] {
  return volumePerNode(cluster, reference).flatMap(({ node, volume }) => {
    const engine = cluster.engineAt(node.addr);
    return engine === undefined ? [] : [{ engine, name: volume.Name }];
  });
}

/** With force, engines take a volume nobody knows for removed, and are asked to be sure. */
function everywhere(cluster: Cluster, reference: string): readonly Copy[] {
  const { node, name } = splitNodeName(reference);
  if (node === undefined) return [...cluster.healthy()].map((engine) => ({ engine, name }));
  const engine = cluster.member(node);
  return engine === undefined || name === "" ? [] : [{ engine, name }];
}
