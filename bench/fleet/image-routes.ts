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

function summary(image: SimImage, apiMinor: number): object {
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
  exchange.json(
    200,
    images.map((image) => summary(image, exchange.apiMinor)),
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
  { method: "post",   path: "/images/prune",         handle: prune },
  { method: "get",    path: "/images/*name/json",    handle: inspect },
  { method: "get",    path: "/images/*name/history", handle: history },
  { method: "post",   path: "/images/*name/tag",     handle: tag },
  { method: "delete", path: "/images/*name",         handle: remove },
];
