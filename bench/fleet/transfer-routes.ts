import { gunzipSync } from "node:zlib";
import { newImageId } from "./container-view.ts";
import { EngineRefusal, type Exchange } from "./exchange.ts";
import { packTar, unpackTar } from "./files.ts";
import { stableId } from "./ids.ts";
import { imageEvent } from "./image-routes.ts";
import { imageTemplate, normalizeReference, repositoryOf } from "./images.ts";
import type { Route } from "./router.ts";
import type { EngineState } from "./state.ts";
import type { SimImage } from "./types.ts";

/** Pulls that wait after their first lines, by engine. */
const held = new WeakMap<EngineState, Promise<void>>();

/** From now on an engine's pulls stand still in the middle, until the answer is called. */
export function holdPulls({ state }: { readonly state: EngineState }): () => void {
  let release = (): void => undefined;
  held.set(state, new Promise((resolve) => (release = resolve)));
  return () => {
    held.delete(state);
    release();
  };
}

async function create(exchange: Exchange): Promise<void> {
  const from = exchange.query.get("fromImage") ?? "";
  if (from === "") await importImage(exchange);
  else await pull(exchange, from, exchange.query.get("tag") ?? "");
}

/** A pull, in the lines a real one prints. What this engine can get is its `pullable` set; of `…/broken` it never gets all. */
async function pull(exchange: Exchange, from: string, tag: string): Promise<void> {
  const { state } = exchange;
  const reference = normalizeReference(tag === "" ? from : `${from}${tag.includes(":") ? "@" : ":"}${tag}`);
  const repository = repositoryOf(reference);
  if (!state.anything && !state.pullable.has(reference)) {
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
  await held.get(state);
  if (repository.endsWith("/broken")) {
    res.end(`${streamError("unexpected EOF")}\r\n`);
    return;
  }
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

const streamError = (message: string): string => JSON.stringify({ errorDetail: { message }, error: message });

/** An archive as `docker save` writes it; the images' configurations are {@link SimImage}s. */
function save(exchange: Exchange): void {
  const { state, query } = exchange;
  const name = exchange.param("name");
  const names = name === "" ? query.getAll("names") : [name];
  const images = names.map((each) => {
    const image =
      state.image(each) ??
      [...state.images.values()].find(({ tags }) => tags.some((tag) => repositoryOf(tag) === each));
    if (!image) throw new EngineRefusal(404, `reference does not exist`);
    return image;
  });
  const configOf = ({ id }: SimImage): string => `${id.slice(7)}.json`;
  const manifest = images.map((image) => ({ Config: configOf(image), RepoTags: image.tags, Layers: [] }));
  exchange
    .stream("application/x-tar")
    .end(
      packTar([
        ...images.map((image) => [configOf(image), Buffer.from(JSON.stringify(image))] as const),
        ["manifest.json", Buffer.from(JSON.stringify(manifest))],
      ]),
    );
}

/** Takes what {@link save} gives, compressed or not. */
async function load(exchange: Exchange): Promise<void> {
  const { state } = exchange;
  const body = await exchange.body();
  const files = new Map(unpackTar(body[0] === 0x1f ? gunzipSync(body) : body));
  const res = exchange.stream("application/json");
  const manifest = files.get("manifest.json");
  if (!manifest) {
    res.end(`${streamError("open manifest.json: no such file or directory")}\r\n`);
    return;
  }
  for (const { Config } of JSON.parse(manifest.toString()) as { Config: string }[]) {
    const image = JSON.parse(files.get(Config)?.toString() ?? "{}") as SimImage;
    if (!exchange.flag("quiet")) {
      const progress = { progressDetail: { current: 512, total: 512 }, progress: "[=>]", id: "a0" };
      res.write(`${JSON.stringify({ status: "Loading layer", ...progress })}\r\n`);
    }
    state.images.set(image.id, image);
    imageEvent(state, "load", image.id, image.id);
    for (const tag of image.tags) res.write(`${JSON.stringify({ stream: `Loaded image: ${tag}\n` })}\r\n`);
  }
  res.end();
}

/** Images that come and go as streams. */
// prettier-ignore
export const transferRoutes: readonly Route[] = [
  { method: "post", path: "/images/create",    handle: create },
  { method: "post", path: "/images/load",      handle: load },
  { method: "get",  path: "/images/get",       handle: save },
  { method: "get",  path: "/images/*name/get", handle: save },
];
