import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import { notePassed } from "../../proxy/buffer-garbage.ts";
import { forwardToFirst } from "../forward-to-first.ts";
import type { Exchange } from "../exchange.ts";
import { nodeImages } from "../nodes.ts";
import type { Services } from "../services.ts";
import { requireNodesWithAll } from "../views/image-lookup.ts";
import { imagePath } from "./holders.ts";

/**
 * `GET /images/get?names=…` and `GET /images/{name}/get`: one archive, from the first healthy node that has all these images; one that cannot be
 * reached makes way for the next (spec: images-networks-volumes.md §1.3 with A10).
 */
export async function save({ cluster }: Services, exchange: Exchange): Promise<void> {
  const name = exchange.param("name");
  const names = name === "" ? exchange.query.getAll("names") : [name];
  const path = name === "" ? "/images/get" : `/images/${imagePath(name)}/get`;
  exchange.res.once("pipe", (archive) => archive.on("data", (bytes: Buffer) => notePassed(bytes.length)));
  await forwardToFirst(exchange, cluster, enginesWithAll(cluster, names), `${path}${exchange.rawQuery}`);
}

const enginesWithAll = (cluster: Cluster, names: readonly string[]): readonly Engine[] =>
  requireNodesWithAll(nodeImages(cluster), names).flatMap(({ addr }) => cluster.engineAt(addr) ?? []);
