import { header, type Exchange } from "./exchange.ts";
import { readBody } from "./json-body.ts";

/**
 * Query and, for old clients, an `application/x-www-form-urlencoded` body as one set of parameters; the body wins (api.md §1).
 * The body is read only when it is such a form, and then cannot be forwarded.
 */
export async function parameters(
  exchange: Exchange,
): Promise<{ readonly query: URLSearchParams; readonly form: boolean }> {
  const type = header(exchange.req, "content-type") ?? "";
  if (!type.startsWith("application/x-www-form-urlencoded")) return { query: exchange.query, form: false };
  const query = new URLSearchParams(exchange.query);
  for (const [key, value] of new URLSearchParams((await readBody(exchange.req)).toString("utf8")))
    query.set(key, value);
  return { query, form: true };
}
