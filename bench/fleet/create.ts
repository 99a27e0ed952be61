import type { ContainerCreateBody, HostConfig } from "../../src/docker/types.ts";
import { EngineRefusal } from "./exchange.ts";
import { randomId, randomName, stableId } from "./ids.ts";
import { imageTemplate, normalizeReference } from "./images.ts";
import type { EngineState } from "./state.ts";
import type { ContainerSeed, Endpoint, MountPoint, SimContainer, SimImage } from "./types.ts";

const LEAST_MEMORY = 6 * 1024 * 1024;

/** `POST /containers/create`: checks as dockerd does, then the container and its `create` event. */
export function createContainer(state: EngineState, wanted: string, body: ContainerCreateBody): SimContainer {
  const { HostConfig: hostConfig, NetworkingConfig: networking, ...config } = body;
  const name = wanted.replace(/^\//, "");
  if (name !== "" && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) {
    throw new EngineRefusal(
      400,
      `Invalid container name (${wanted}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  }
  const reference = config.Image ?? "";
  if (reference === "") throw new EngineRefusal(400, "No command specified");
  const image = state.image(reference);
  if (!image) throw new EngineRefusal(404, `No such image: ${normalizeReference(reference)}`);
  const memory = hostConfig?.Memory ?? 0;
  if (memory > 0 && memory < LEAST_MEMORY)
    throw new EngineRefusal(400, "Minimum memory limit allowed is 6MB");
  if (name !== "") assertNameIsFree(state, name);
  const container = newContainer(state, image, {
    id: randomId(),
    name: name === "" ? randomName((taken) => state.names.has(taken)) : name,
    config,
    hostConfig: hostConfig ?? {},
  });
  container.endpoints = endpointsFor(hostConfig ?? {}, networking?.EndpointsConfig ?? {});
  container.mounts = mountsFor(state, config, hostConfig ?? {});
  register(state, container);
  state.containerEvent(container, "create");
  return container;
}

/** Throws the engine's 409 when the name is somebody else's. */
export function assertNameIsFree(state: EngineState, name: string, context = ""): void {
  const owner = state.names.get(name);
  if (owner === undefined) return;
  throw new EngineRefusal(
    409,
    `${context}Conflict. The container name "/${name}" is already in use by container "${owner}". ` +
      "You have to remove (or rename) that container to be able to reuse that name.",
  );
}

const PLAIN_CONFIG: ContainerCreateBody = { Image: "busybox", Cmd: ["sleep", "infinity"], Labels: {} };
const PLAIN_HOST_CONFIG: HostConfig = {};
const PLAIN_ENDPOINTS = (): Endpoint[] => [{ network: "bridge", aliases: null, id: "", ip: "" }];

/** A container that has always been there: no checks, no events. Plain ones share their configuration. */
export function seedContainer(state: EngineState, seed: ContainerSeed, index: number): SimContainer {
  const isPlain = Object.keys(seed).every((key) => key === "name" || key === "id" || key === "state");
  const reference = seed.image ?? "busybox";
  const image = state.image(reference) ?? imageTemplate(normalizeReference(reference));
  state.images.set(image.id, image);
  const bindings = Object.entries(seed.ports ?? {}).map(([port, host]) => [
    port,
    [{ HostIp: "", HostPort: host }],
  ]);
  const container = newContainer(state, image, {
    id: seed.id ?? stableId(`container ${state.id} ${index}`),
    name: seed.name ?? `c${index}-${state.name}`,
    config: isPlain ? PLAIN_CONFIG : seedConfig(seed, reference),
    hostConfig: isPlain
      ? PLAIN_HOST_CONFIG
      : {
          ...(bindings.length > 0 && { PortBindings: Object.fromEntries(bindings) as never }),
          ...seed.hostConfig,
        },
  });
  container.endpoints = isPlain ? PLAIN_ENDPOINTS() : endpointsFor(container.hostConfig, {});
  register(state, container);
  return container;
}

function seedConfig(seed: ContainerSeed, Image: string): ContainerCreateBody {
  return {
    ...{ Image, Cmd: seed.command ?? ["sleep", "infinity"], Labels: seed.labels ?? {} },
    ...(seed.env && { Env: [...seed.env] }),
    ...(seed.ports && {
      ExposedPorts: Object.fromEntries(Object.keys(seed.ports).map((port) => [port, {}])),
    }),
  };
}

type NewContainer = Pick<SimContainer, "id" | "name" | "config" | "hostConfig">;

function newContainer(state: EngineState, image: SimImage, given: NewContainer): SimContainer {
  const { id, name, config, hostConfig } = given;
  return {
    id,
    name,
    createdMs: state.clock.now(),
    imageId: image.id,
    config,
    hostConfig,
    argv: argvOf(config, image),
    status: "created",
    pid: 0,
    exitCode: 0,
    error: "",
    startedMs: 0,
    finishedMs: 0,
    restartCount: 0,
    endpoints: [],
    ports: [],
    mounts: [],
  };
}

function argvOf(config: ContainerCreateBody, image: SimImage): readonly string[] {
  const entrypoint = stringList(config.Entrypoint);
  const command = stringList(config.Cmd);
  if (entrypoint.length > 0) return [...entrypoint, ...command];
  return command.length > 0 ? command : image.cmd;
}

/** A JSON value as command words. */
export function stringList(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? (value as string[]) : [];
}

function register(state: EngineState, container: SimContainer): void {
  state.containers.set(container.id, container);
  state.names.set(container.name, container.id);
}

/** `default`, which the docker CLI sends as a key too, is the bridge. */
const networkName = (name: string): string => (name === "default" || name === "" ? "bridge" : name);

function endpointsFor(hostConfig: HostConfig, wanted: Readonly<Record<string, unknown>>): Endpoint[] {
  const mode = hostConfig.NetworkMode ?? "";
  if (mode.startsWith("container:")) return [];
  const settings = new Map(Object.entries(wanted).map(([name, value]) => [networkName(name), value]));
  if (settings.size === 0 || mode !== "") settings.set(networkName(mode), settings.get(networkName(mode)));
  return [...settings].map(([network, value]) => {
    const { Aliases = null } = (value ?? {}) as { Aliases?: readonly string[] | null };
    return { network, aliases: Aliases, id: "", ip: "" };
  });
}

function mountsFor(state: EngineState, config: ContainerCreateBody, hostConfig: HostConfig): MountPoint[] {
  const binds = (hostConfig.Binds ?? []).map((bind): MountPoint => {
    const [source = "", destination = "", mode = ""] = bind.split(":");
    return source.startsWith("/")
      ? mount("bind", { Source: source, Destination: destination, Mode: mode, Propagation: "rprivate" })
      : volumeMount(state, source, destination, mode);
  });
  const taken = new Set(binds.map(({ Destination }) => Destination));
  const anonymous = Object.keys((config.Volumes as Record<string, unknown> | null | undefined) ?? {})
    .filter((path) => !taken.has(path))
    .map((path) => volumeMount(state, randomId(), path, ""));
  const given = (
    (hostConfig.Mounts as { Type?: string; Source?: string; Target?: string }[] | null | undefined) ?? []
  ).map(({ Type, Source = "", Target = "" }) =>
    Type === "volume"
      ? volumeMount(state, Source === "" ? randomId() : Source, Target, "z")
      : mount(Type === "tmpfs" ? "tmpfs" : "bind", { Source, Destination: Target }),
  );
  return [...binds, ...given, ...anonymous];
}

function mount(Type: MountPoint["Type"], given: Partial<MountPoint>): MountPoint {
  return { Type, Source: "", Destination: "", Mode: "", RW: given.Mode !== "ro", Propagation: "", ...given };
}

function volumeMount(state: EngineState, Name: string, Destination: string, mode: string): MountPoint {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(Name)) {
    throw new EngineRefusal(
      400,
      `create ${Name}: "${Name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. ` +
        "If you intended to pass a host directory, use absolute path",
    );
  }
  createVolume(state, { name: Name });
  const Source = `/var/lib/docker/volumes/${Name}/_data`;
  return mount("volume", { Name, Source, Destination, Driver: "local", Mode: mode === "" ? "z" : mode });
}

/** The volume of that name, made if it is not there yet. */
export function createVolume(
  state: EngineState,
  wanted: {
    name: string;
    driver?: string;
    labels?: Record<string, string> | null;
    options?: Record<string, string> | null;
  },
): void {
  if (state.volumes.has(wanted.name)) return;
  const { name, driver = "local", labels = null, options = null } = wanted;
  state.volumes.set(name, { name, driver, createdMs: state.clock.now(), labels, options });
  state.events.record({ type: "volume", action: "create", id: name, attributes: { driver } });
}
