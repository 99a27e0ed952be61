import { rfc3339 } from "./clock.ts";
import { EngineRefusal, type Exchange } from "./exchange.ts";
import { stableId } from "./ids.ts";
import { normalizeReference, repositoryOf } from "./images.ts";
import type { Route } from "./router.ts";
import type { EngineState } from "./state.ts";
import type { SimImage } from "./types.ts";

export function imageEvent(state: EngineState, action: string, id: string, name: string): void {
  state.events.record({ type: "image", action, id, attributes: { name } });
}

/** An entry of `GET /images/json`. */
export function imageSummary(image: SimImage, apiMinor: number): object {
  return {
    ...{
      Containers: -1,
      Created: Math.floor(image.createdMs / 1000),
      Id: image.id,
      Labels: image.labels,
      ParentId: "",
    },
    ...{ RepoDigests: image.digests, RepoTags: image.tags, SharedSize: -1, Size: image.sizeBytes },
    ...(apiMinor < 44 && { VirtualSize: image.sizeBytes }),
  };
}

function list(exchange: Exchange): void {
  const filters = exchange.filters(["before", "dangling", "label", "reference", "since", "until"]);
  const passes = ({ tags, labels }: SimImage): boolean =>
    [...filters].every(([key, values]) =>
      values.some((value) => {
        const [name = "", ...rest] = value.split("=");
        if (key === "dangling") return (value === "true" || value === "1") === (tags.length === 0);
        if (key === "label")
          return name in (labels ?? {}) && (rest.length === 0 || labels?.[name] === rest.join("="));
        if (key === "reference")
          return tags.some((tag) => tag === normalizeReference(value) || repositoryOf(tag) === value);
        return true;
      }),
    );
  const images = [...exchange.state.images.values()].filter(passes).sort((a, b) => b.createdMs - a.createdMs);
  const measures = exchange.apiMinor >= 42 && exchange.flag("shared-size");
  const counts = exchange.apiMinor >= 51;
  const containers = [...exchange.state.containers.values()];
  exchange.json(
    200,
    images.map((image) => ({
      ...imageSummary(image, exchange.apiMinor),
      ...(measures && { SharedSize: 0 }),
      ...(counts && { Containers: containers.filter(({ imageId }) => imageId === image.id).length }),
    })),
  );
}

function imageOf(exchange: Exchange): SimImage {
  const name = exchange.param("name");
  const image = exchange.state.image(name);
  if (!image) throw new EngineRefusal(404, `No such image: ${normalizeReference(name)}`);
  return image;
}

function inspect(exchange: Exchange): void {
  const image = imageOf(exchange);
  const { serverVersion } = exchange.state.versions;
  exchange.json(200, {
    ...{ Id: image.id, RepoTags: image.tags, RepoDigests: image.digests, Parent: "", Comment: image.comment },
    ...{ Created: rfc3339(image.createdMs), Container: "", DockerVersion: serverVersion, Author: "" },
    Config: {
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      Cmd: image.cmd,
      Entrypoint: null,
      Labels: image.labels,
    },
    ...{
      Architecture: "amd64",
      Os: "linux",
      Size: image.sizeBytes,
      GraphDriver: { Data: null, Name: "overlay2" },
    },
    ...(exchange.apiMinor < 44 && { VirtualSize: image.sizeBytes }),
    RootFS: { Type: "layers", Layers: [`sha256:${stableId(`layer ${image.id}`)}`] },
    Metadata: { LastTagTime: rfc3339(image.createdMs) },
  });
}

function history(exchange: Exchange): void {
  const image = imageOf(exchange);
  exchange.json(200, [
    {
      ...{
        Comment: image.comment,
        Created: Math.floor(image.createdMs / 1000),
        CreatedBy: image.cmd.join(" "),
      },
      ...{ Id: image.id, Size: image.sizeBytes, Tags: image.tags },
    },
  ]);
}

function tag(exchange: Exchange): void {
  const { state, query } = exchange;
  const image = imageOf(exchange);
  const repo = query.get("repo") ?? "";
  if (!/^[a-z0-9]/.test(repo) || /[A-Z]/.test(repo.replace(/^[^/]*:\d+\//, ""))) {
    throw new EngineRefusal(400, "invalid reference format: repository name must be lowercase");
  }
  const name = normalizeReference(query.get("tag") ? `${repo}:${query.get("tag") ?? ""}` : repo);
  for (const other of state.images.values()) {
    if (other.tags.includes(name))
      state.images.set(other.id, { ...other, tags: other.tags.filter((old) => old !== name) });
  }
  const current = state.images.get(image.id) ?? image;
  state.images.set(image.id, { ...current, tags: [...current.tags, name] });
  imageEvent(state, "tag", image.id, name);
  exchange.empty(201);
}

function remove(exchange: Exchange): void {
  const { state } = exchange;
  const image = imageOf(exchange);
  const name = exchange.param("name");
  const byTag = image.tags.includes(normalizeReference(name)) ? normalizeReference(name) : undefined;
  const user = [...state.containers.values()].find(({ imageId }) => imageId === image.id);
  const keeps = byTag !== undefined && image.tags.length > 1;
  if (user && !keeps && !exchange.flag("force")) {
    const short = image.id.slice(7, 19);
    throw new EngineRefusal(
      409,
      byTag === undefined
        ? `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container ${user.id.slice(0, 12)}`
        : `conflict: unable to remove repository reference "${name}" (must force) - container ${user.id.slice(0, 12)} is using its referenced image ${short}`,
    );
  }
  const untagged = byTag === undefined ? image.tags : [byTag];
  const rest = image.tags.filter((each) => !untagged.includes(each));
  for (const each of untagged) imageEvent(state, "untag", image.id, each);
  const goes = rest.length === 0 && !user;
  if (goes) {
    state.images.delete(image.id);
    imageEvent(state, "delete", image.id, image.id);
  } else {
    state.images.set(image.id, { ...image, tags: rest });
  }
  exchange.json(200, [
    ...untagged.map((Untagged) => ({ Untagged })),
    ...(goes ? [{ Deleted: image.id }] : []),
  ]);
}

/** A client's credentials, as it sent them along. */
function credentials({ req }: Exchange): Record<string, unknown> {
  const header = req.headers["x-registry-auth"];
  if (typeof header !== "string")
    throw new EngineRefusal(400, "Bad parameters and missing X-Registry-Auth: EOF");
  return JSON.parse(Buffer.from(header, "base64url").toString()) as Record<string, unknown>;
}

/** Every registry takes everything, but from `nobody`. */
function push(exchange: Exchange): void {
  const { state, query } = exchange;
  const name = exchange.param("name");
  const { username } = credentials(exchange);
  const tag = query.get("tag");
  const repository = repositoryOf(name);
  const found = [...state.images.values()].filter(({ tags }) =>
    tags.some((each) => (tag ? each === `${repository}:${tag}` : repositoryOf(each) === repository)),
  );
  const res = exchange.stream("application/json");
  const line = (message: object): void => void res.write(`${JSON.stringify(message)}\r\n`);
  line({ status: `The push refers to repository [${repository}]` });
  const error =
    username === "nobody"
      ? "denied: requested access to the resource is denied"
      : found.length === 0
        ? `An image does not exist locally with the tag: ${repository}`
        : undefined;
  if (error !== undefined) line({ errorDetail: { message: error }, error });
  for (const image of error === undefined ? found : []) {
    const digest = `sha256:${stableId(`pushed ${image.id}`)}`;
    const reference = `${repository}@${digest}`;
    state.images.set(image.id, { ...image, digests: [...new Set([...image.digests, reference])] });
    imageEvent(state, "push", image.id, name);
    for (const each of image.tags.filter((other) => repositoryOf(other) === repository)) {
      const pushed = each.slice(repository.length + 1);
      if (!tag || tag === pushed) line({ status: `${pushed}: digest: ${digest} size: 527` });
    }
  }
  res.end();
}

/** The registry everybody searches holds what can be pulled. */
function search(exchange: Exchange): void {
  const term = exchange.query.get("term") ?? "";
  const names = new Set([...exchange.state.pullable].map(repositoryOf));
  exchange.json(
    200,
    [...names]
      .filter((name) => name.includes(term))
      .map((name) => ({ description: "", is_official: true, is_automated: false, name, star_count: 1 })),
  );
}

/** What a registry says of an image without its being pulled. */
function distribution(exchange: Exchange): void {
  const name = exchange.param("name");
  const wanted = normalizeReference(name);
  if (!exchange.state.pullable.has(wanted))
    throw new EngineRefusal(404, `manifest for ${name} not found: manifest unknown: manifest unknown`);
  exchange.json(200, {
    Descriptor: {
      mediaType: "application/vnd.docker.distribution.manifest.v2+json",
      digest: `sha256:${stableId(`digest ${wanted}`)}`,
      size: 527,
    },
    Platforms: [{ architecture: "amd64", os: "linux" }],
  });
}

function prune(exchange: Exchange): void {
  const { state } = exchange;
  const filters = exchange.filters(["dangling", "label", "label!", "until"]);
  const alsoTagged = filters.get("dangling")?.some((value) => value === "false" || value === "0") ?? false;
  const used = new Set([...state.containers.values()].map(({ imageId }) => imageId));
  const unused = [...state.images.values()].filter(
    ({ id, tags }) => !used.has(id) && (alsoTagged || tags.length === 0),
  );
  for (const { id } of unused) state.images.delete(id);
  state.events.record({ type: "image", action: "prune", id: "", attributes: { reclaimed: "0" } });
  exchange.json(200, {
    ImagesDeleted: unused.length === 0 ? null : unused.map(({ id }) => ({ Deleted: id })),
    SpaceReclaimed: 0,
  });
}

// prettier-ignore
export const imageRoutes: readonly Route[] = [
  { method: "get",    path: "/images/json",          handle: list },
  { method: "get",    path: "/images/search",        handle: search },
  { method: "get",    path: "/distribution/*name/json", handle: distribution },
  { method: "post",   path: "/images/prune",         handle: prune },
  { method: "get",    path: "/images/*name/json",    handle: inspect },
  { method: "get",    path: "/images/*name/history", handle: history },
  { method: "post",   path: "/images/*name/push",    handle: push },
  { method: "post",   path: "/images/*name/tag",     handle: tag },
  { method: "delete", path: "/images/*name",         handle: remove },
];
