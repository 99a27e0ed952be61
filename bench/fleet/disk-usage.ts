import { containerSummary } from "./container-view.ts";
import { EngineRefusal, type Exchange } from "./exchange.ts";
import { imageSummary } from "./image-routes.ts";

const KINDS = ["container", "image", "volume", "build-cache"];

/** `GET /system/df`. Images share nothing; a container has written a kilobyte, a volume holds a hundred. */
export function diskUsage(exchange: Exchange): void {
  const { state, query, apiMinor } = exchange;
  const types = apiMinor < 42 ? [] : query.getAll("type");
  const unknown = types.find((type) => !KINDS.includes(type));
  if (unknown !== undefined) throw new EngineRefusal(400, `unknown object type: ${unknown}`);
  const isAsked = (kind: string): boolean => types.length === 0 || types.includes(kind);
  const images = [...state.images.values()];
  const containers = [...state.containers.values()];
  exchange.json(200, {
    LayersSize: isAsked("image") ? images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) : 0,
    Images: isAsked("image")
      ? images.map((image) => ({
          ...imageSummary(image, apiMinor),
          Containers: containers.filter(({ imageId }) => imageId === image.id).length,
          SharedSize: 0,
        }))
      : null,
    Containers: isAsked("container")
      ? containers.map((container) => ({
          ...containerSummary(state, container, []),
          SizeRw: 1_000,
          SizeRootFs: 1_000 + (state.images.get(container.imageId)?.sizeBytes ?? 0),
        }))
      : null,
    Volumes: isAsked("volume")
      ? [...state.volumes.values()].map(({ name, driver, labels, options }) => ({
          ...{ Name: name, Driver: driver, Labels: labels, Options: options, Scope: "local" },
          ...{ Mountpoint: `/var/lib/docker/volumes/${name}/_data` },
          UsageData: {
            Size: 100_000,
            RefCount: containers.filter(({ mounts }) => mounts.some(({ Name }) => Name === name)).length,
          },
        }))
      : null,
    BuildCache: isAsked("build-cache") ? [] : null,
    ...(apiMinor < 42 && { BuilderSize: 0 }),
  });
}
