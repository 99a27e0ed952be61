import { sendStatus, type Exchange } from "../exchange.ts";
import { askEach, engineStatus, jointError, type EngineFailure } from "../fan-out.ts";
import type { Services } from "../services.ts";
import { badRequest, errorText, notFound } from "../../errors.ts";
import { readBody } from "../json-body.ts";
import { jsonKind, jsonSyntaxError } from "../views/go-json.ts";
import { namedPlugin } from "./plugin-nodes.ts";

/** What is done to a plugin where it is. */
export interface Change {
  readonly method: "POST" | "DELETE";
  /** `/enable`, or `""`. */
  readonly tail: string;
  /** Of success, as engines answer. */
  readonly status: 200 | 204;
}

/**
 * Enables, disables, sets or removes a plugin on every healthy node that has it (spec: api.md §10.3). A node where it is enabled (or disabled)
 * already does not stand in the way of the others, so that what failed on one node can be done again.
 * @throws ApiError 404 `plugin "X" not found` when no node has it; when some failed, a line for each and the status they agree on: the
 *   others have changed then
 */
export async function change(services: Services, exchange: Exchange, what: Change): Promise<void> {
  const { cluster, log } = services;
  const { engines, name, path } = namedPlugin(cluster, exchange.param("name"));
  const body = what.tail === "/set" ? await settings(exchange) : undefined;
  const { answers, failed } = await askEach(engines, (engine) =>
    engine.client.requestText({
      method: what.method,
      path: engine.versionedPath(exchange.clientVersion, `${path}${what.tail}${exchange.rawQuery}`),
      body,
      // `enable` has a timeout of its own, which the client chooses.
      patient: true,
    }),
  );
  const told = failed.filter((failure) => engineStatus(failure) !== 404);
  if (answers.length === 0 && told.length === 0) throw notFound(`plugin "${name}" not found`);
  const refused = answers.length === 0 ? told : told.filter((failure) => !isSoAlready(failure));
  if (refused.length > 0) {
    const done = answers.map(({ engine }) => engine.name);
    if (done.length > 0) log.warn({ plugin: name, done }, "a plugin was changed on some nodes only");
    throw jointError(refused);
  }
  sendStatus(exchange.res, what.status);
}

const isSoAlready = (failure: EngineFailure): boolean =>
  engineStatus(failure) === 409 && /already (en|dis)abled/.test(errorText(failure.error));

/** The body of `set`: `["DEBUG=1", "mount.source=/x"]`. @throws ApiError 400 */
async function settings({ req }: Exchange): Promise<readonly string[]> {
  const text = (await readBody(req)).toString("utf8");
  if (text.trim() === "") throw badRequest("EOF");
  const problem = jsonSyntaxError(text);
  if (problem !== undefined) throw badRequest(problem);
  const list: unknown = JSON.parse(text);
  const odd: unknown = Array.isArray(list) ? list.find((each) => typeof each !== "string") : list;
  if (odd !== undefined)
    throw badRequest(`json: cannot unmarshal ${jsonKind(odd)} into Go value of type []string`);
  return list as string[];
}
