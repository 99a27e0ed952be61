import { header, type Exchange } from "../exchange.ts";
import type { Services } from "../services.ts";
import { loadLines } from "./transfer-lines.ts";
import { uploadToNodes } from "./transfer.ts";

/** `POST /images/load`: the archive, untouched, on every healthy node; `quiet` and `platform` go along (spec: images-networks-volumes.md §1.6 with A15). */
export async function load(services: Services, exchange: Exchange): Promise<void> {
  await uploadToNodes(services, exchange, {
    lines: loadLines,
    path: `/images/load${exchange.rawQuery}`,
    headers: { "Content-Type": header(exchange.req, "content-type") ?? "application/x-tar" },
    engines: [...services.cluster.engines],
  });
}
