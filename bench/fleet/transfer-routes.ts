import { newImageId } from "./container-view.ts";
import { EngineRefusal, type Exchange } from "./exchange.ts";
import { stableId } from "./ids.ts";
import { imageEvent } from "./image-routes.ts";
import { imageTemplate, normalizeReference, repositoryOf } from "./images.ts";
import type { Route } from "./router.ts";

async function create(exchange: Exchange): Promise<void> {
  const from = exchange.query.get("fromImage") ?? "";
  if (from === "") await importImage(exchange);
  else pull(exchange, from, exchange.query.get("tag") ?? "");
}

/** A pull, in the lines a real one prints. What this engine can get is its `pullable` set. */
function pull(exchange: Exchange, from: string, tag: string): void {
  const { state } = exchange;
  const reference = normalizeReference(tag === "" ? from : `${from}${tag.includes(":") ? "@" : ":"}${tag}`);
  const repository = repositoryOf(reference);
  if (!state.pullable.has(reference)) {
    const isKnown = [...state.pullable].some((known) => repositoryOf(known) === repository);
    throw new EngineRefusal(
      404,
      isKnown
        ? `manifest for ${reference} not found: manifest unknown: manifest unknown`
        : `pull access denied for ${repository}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
    );
  }
  const image = imageTemplate(reference);
  const isNew = !state.images.has(image.id);
  const layer = stableId(`layer ${image.id}`).slice(0, 12);
  const path = repository.includes("/") ? repository : `library/${repository}`;
  const size = image.sizeBytes;
  const res = exchange.stream("application/json");
  const line = (message: object): boolean => res.write(`${JSON.stringify(message)}\r\n`);
  line({ status: `Pulling from ${path}`, id: reference.slice(repository.length + 1) });
  if (isNew) {
    line({ status: "Pulling fs layer", progressDetail: {}, id: layer });
    line({
      status: "Downloading",
      progressDetail: { current: size / 2, total: size },
      progress: `[=========================>                         ]  ${size / 2e6}MB/${size / 1e6}MB`,
      id: layer,
    });
    line({ status: "Download complete", progressDetail: {}, id: layer });
    line({ status: "Pull complete", progressDetail: {}, id: layer });
    state.images.set(image.id, image);
  }
  imageEvent(state, "pull", reference, repository);
  line({ status: `Digest: ${(image.digests[0] ?? "").replace(/^.*@/, "")}` });
  line({ status: `Status: ${isNew ? "Downloaded newer image" : "Image is up to date"} for ${reference}` });
  res.end();
}

async function importImage(exchange: Exchange): Promise<void> {
  const { state, query } = exchange;
  const { length } = await exchange.body();
  const id = newImageId();
  const repo = query.get("repo") ?? "";
  const tag = query.get("tag") ?? "";
  state.images.set(id, {
    ...{
      id,
      tags: repo === "" ? [] : [normalizeReference(tag === "" ? repo : `${repo}:${tag}`)],
      digests: [],
    },
    ...{
      createdMs: state.clock.now(),
      sizeBytes: length,
      labels: null,
      cmd: ["sh"],
      comment: "Imported from -",
    },
  });
  imageEvent(state, "import", id, id);
  exchange.stream("application/json").end(`${JSON.stringify({ status: id })}\r\n`);
}

/** Images that come and go as streams. */
export const transferRoutes: readonly Route[] = [{ method: "post", path: "/images/create", handle: create }];
