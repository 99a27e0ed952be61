import { Readable } from "node:stream";
import type { Engine } from "../../cluster/engine.ts";
import { EngineUnreachableError } from "../../docker/engine-client.ts";
import { jsonTexts } from "../../docker/json-stream.ts";
import { badRequest, errorText } from "../../errors.ts";
import { clientLeft } from "../client-left.ts";
import { header, type Exchange } from "../exchange.ts";
import { engineStatus, jointError } from "../fan-out.ts";
import { readBody } from "../json-body.ts";
import { ProgressStream } from "../progress-stream.ts";
import type { Services } from "../services.ts";
import { familiarReference, parseImageReference } from "../views/image-reference.ts";
import { healthyOnes, namedPlugin } from "./plugin-nodes.ts";

/**
 * `POST /plugins/pull`: on every healthy node, the progress of all in one stream, in the form of an image pull's
 * (spec: api.md §10.3, images-networks-volumes.md §1.4). The answer's `Docker-Plugin-Name` is what the CLI enables then.
 * @throws ApiError with the engines' status when all refused before they began
 */
export async function pull(services: Services, exchange: Exchange): Promise<void> {
  const { query, res, rawQuery } = exchange;
  const remote = query.get("remote") ?? "";
  if (remote === "") throw badRequest("invalid reference format");
  res.setHeader("Docker-Plugin-Name", localName(query.get("name") ?? "", remote));
  await onAll(services, exchange, healthyOnes(services.cluster), {
    doing: `Pulling ${remote}...`,
    path: `/plugins/pull${rawQuery}`,
  });
}

/** `POST /plugins/{name}/upgrade`: likewise, on every healthy node that has it. */
export async function upgrade(services: Services, exchange: Exchange): Promise<void> {
  const { engines, name, path } = namedPlugin(services.cluster, exchange.param("name"));
  await onAll(services, exchange, engines, {
    doing: `Upgrading ${name}...`,
    path: `${path}/upgrade${exchange.rawQuery}`,
    whereFound: true,
  });
}

/**
 * The name engines will know it by: the one asked for, or the remote's, with its tag and without its digest.
 * @throws ApiError 400 for what is no name, and could not be a header
 */
function localName(name: string, remote: string): string {
  const { repository, tag } = parseImageReference(name === "" ? remote : name);
  const local = familiarReference({ repository, tag: tag ?? "latest", digest: undefined });
  if (!/^[!-~]+$/.test(local)) throw badRequest("invalid reference format");
  return local;
}

interface Work {
  /** `Pulling X...`: the status of every line. */
  readonly doing: string;
  readonly path: string;
  /** A node that answers 404 does not have it, and that is no failure. */
  readonly whereFound?: boolean;
}

type Started =
  | { readonly engine: Engine; readonly messages: AsyncIterable<Uint8Array> }
  | { readonly engine: Engine; readonly error: unknown };

/** Sends the client's request to several engines and joins what they tell; our answer begins with the first of theirs. */
async function onAll(
  { log }: Services,
  exchange: Exchange,
  engines: readonly Engine[],
  { doing, path, whereFound = false }: Work,
): Promise<void> {
  const { req, res, clientVersion } = exchange;
  const body = await readBody(req);
  const auth = header(req, "x-registry-auth");
  const signal = clientLeft(res);
  const starting = engines.map(async (engine): Promise<Started> => {
    try {
      const messages = await engine.client.stream({
        method: "POST",
        path: engine.versionedPath(clientVersion, path),
        upload: Readable.from([body]),
        headers: {
          "Content-Type": "application/json",
          ...(auth === undefined ? {} : { "X-Registry-Auth": auth }),
        },
        signal,
      });
      return { engine, messages };
    } catch (error) {
      if (error instanceof EngineUnreachableError) engine.noteFailure(error);
      return { engine, error };
    }
  });
  if (!(await anyStarted(starting))) {
    throw jointError((await Promise.all(starting)).flatMap((each) => ("error" in each ? [each] : [])));
  }
  const progress = new ProgressStream(res);
  const failures = await Promise.all(
    starting.map(async (each) => {
      const started = await each;
      const isElsewhere = whereFound && "error" in started && engineStatus(started) === 404;
      return isElsewhere ? undefined : await relay(started, doing, progress);
    }),
  );
  const failed = failures.filter((text) => text !== undefined);
  for (const failure of failed) log.warn({ failure }, "a node could not get a plugin");
  progress.end(failed.length === 0 ? undefined : failed.join("\n"));
}

/** Resolves at the first engine that began, or when none did. */
function anyStarted(starting: readonly Promise<Started>[]): Promise<boolean> {
  const begun = starting.map(async (each) => {
    if ("error" in (await each)) throw new Error("not this one");
  });
  return Promise.any(begun).then(
    () => true,
    () => false,
  );
}

/** Passes one engine's messages on under its name. @returns `node: text` when it failed */
async function relay(started: Started, doing: string, progress: ProgressStream): Promise<string | undefined> {
  const { name: id } = started.engine;
  let failure: string | undefined;
  if ("error" in started) {
    failure = errorText(started.error);
  } else {
    try {
      for await (const text of jsonTexts(started.messages)) {
        const { error, errorDetail, ...message } = fields(text);
        if (typeof error === "string") failure = error;
        else if (errorDetail !== undefined) failure = "failed";
        else await progress.line({ ...message, status: joined(doing, message.status), id });
      }
      started.engine.noteSuccess();
    } catch (error) {
      if (error instanceof EngineUnreachableError) started.engine.noteFailure(error);
      failure = errorText(error);
    }
  }
  await progress.line({ status: failure === undefined ? doing : `${doing} : ${failure}`, id });
  return failure === undefined ? undefined : `${id}: ${failure}`;
}

const joined = (doing: string, status: unknown): string =>
  typeof status === "string" && status !== "" ? `${doing} : ${status}` : doing;

function fields(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
