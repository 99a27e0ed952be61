import { announcesBody } from "../../proxy/headers.ts";
import { header, type Exchange } from "../exchange.ts";
import type { Services } from "../services.ts";
import { importLines } from "./transfer-lines.ts";
import { transferToNodes, uploadToNodes } from "./transfer.ts";

/** Nodes that fetch the same URL at the same time. */
const FETCHES_AT_ONCE = 16;

/**
 * `POST /images/create?fromSrc=`: the body, or what is at a URL, becomes an image on every healthy node, each with an ID of its own. All
 * parameters go along (spec: images-networks-volumes.md §1.5 with A14).
 */
export async function importImage(
  services: Services,
  exchange: Exchange,
  { query, bodyRead }: { readonly query: URLSearchParams; readonly bodyRead: boolean },
): Promise<void> {
  const transfer = {
    lines: importLines,
    path: `/images/create?${query.toString()}`,
    engines: [...services.cluster.engines],
  };
  if (bodyRead || !announcesBody(exchange.req)) {
    await transferToNodes(services, exchange, transfer, FETCHES_AT_ONCE);
    return;
  }
  const type = header(exchange.req, "content-type") ?? "application/x-tar";
  await uploadToNodes(services, exchange, { ...transfer, headers: { "Content-Type": type } });
}
