import { constraintFilter } from "../../../filters/constraint.ts";
import type { Engine } from "../../cluster/engine.ts";
import { ApiError } from "../../errors.ts";
import { EMPTY_REQUEST } from "../../scheduler/empty-request.ts";
import { clientIdentity } from "../client-identity.ts";
import { header, type Exchange } from "../exchange.ts";
import { parameters } from "../form.ts";
import { forwardTo } from "../owner.ts";
import type { Services } from "../services.ts";
import { nameProblem } from "../views/image-name.ts";
import { importImage } from "./import.ts";
import { pullLines } from "./transfer-lines.ts";
import { transferToNodes } from "./transfer.ts";

/** Nodes that pull at the same time: a registry, and the lines to it, are shared by all of them. */
const PULLS_AT_ONCE = 16;

/** `POST /images/create`: a pull with `fromImage`, otherwise an import. Old clients send a pull's parameters as a form. */
export async function createImage(services: Services, exchange: Exchange): Promise<void> {
  const inQuery = ["fromImage", "fromSrc"].some((name) => given(exchange.query, name));
  const { query, form } = inQuery ? { query: exchange.query, form: false } : await parameters(exchange);
  if (given(query, "fromImage")) await pull(services, exchange, query);
  else await importImage(services, exchange, { query, bodyRead: form });
}

const given = (query: URLSearchParams, name: string): boolean => (query.get(name) ?? "") !== "";

/** What a pull asks for as one text: `fromImage` with its `tag`, which may be a digest (spec: images-networks-volumes.md §1.4). */
export function pullReference(query: URLSearchParams): string {
  const image = query.get("fromImage") ?? "";
  const tag = query.get("tag") ?? "";
  return tag === "" ? image : `${image}${tag.includes(":") ? "@" : ":"}${tag}`;
}

/** On every healthy node, or those of `swarm.pullnodes`; or on the one node to which this client's next create will go (§1.4). */
async function pull(services: Services, exchange: Exchange, query: URLSearchParams): Promise<void> {
  const reference = pullReference(query);
  const path = `/images/create?${query.toString()}`;
  const client = clientIdentity(exchange.req);
  const isFit = (node: Engine): boolean => node.isHealthy && services.cluster.engineAt(node.addr) === node;
  const engine = services.pulls.take(client, reference, isFit);
  if (engine !== undefined) {
    let ended: Promise<void> | undefined;
    const over = (): Promise<void> => (ended ??= services.pulls.over(client, reference, engine));
    try {
      await forwardTo(exchange, services.cluster, engine, path, { body: Buffer.alloc(0), holdEnd: over });
    } finally {
      await over();
    }
    return;
  }
  const credentials = header(exchange.req, "x-registry-auth");
  const transfer = {
    lines: pullLines(reference),
    path,
    headers: credentials === undefined ? {} : { "X-Registry-Auth": credentials },
    engines: pullNodes(services),
    problem: nameProblem(reference),
  };
  await transferToNodes(services, exchange, transfer, PULLS_AT_ONCE);
}

/** @throws ApiError 500 when there are nodes, but none meets the constraints */
function pullNodes({ cluster, config }: Services): readonly Engine[] {
  const { pullNodes: constraints, rules } = config.cluster;
  const engines = [...cluster.engines];
  const check = constraintFilter.prepare(
    { ...EMPTY_REQUEST, constraints },
    { droppedSoft: new Set(), rules },
  );
  if (check === undefined) return engines;
  const chosen = engines.filter(({ candidate }) => check.admits(candidate));
  if (chosen.length === 0 && engines.length > 0)
    throw new ApiError(500, `No node meets swarm.pullnodes: ${check.conditions.join(", ")}`);
  return chosen;
}
