import type {
  ContainerInspect,
  ContainerState,
  ContainerSummary,
  ImageSummary,
  NetworkSummary,
} from "../../../src/docker/types.ts";
import type { DockerFilters } from "../../../src/api/views/docker-filters.ts";
import type { ContainerListQuery } from "../../../src/api/views/container-list.ts";
import type { ContainerView, NetworkView, NodeView } from "../../../src/api/views/types.ts";

/** 2026-11-21T12:00:00Z: "now" in all view tests. */
export const now = Date.UTC(2026, 10, 21, 12, 0, 0);

/** A healthy, empty engine called `node-1`. */
export function node(overrides: Partial<NodeView> & { readonly port?: number } = {}): NodeView {
  const { port = 5501, ...rest } = overrides;
  const addr = `127.0.0.1:${port}`;
  return {
    name: "node-1",
    id: `J6AP|${addr}`,
    addr,
    ip: "127.0.0.1",
    state: "Healthy",
    error: "",
    updatedAt: now,
    serverVersion: "20.10.24",
    labels: new Map(),
    containers: { total: 0, running: 0, paused: 0, stopped: 0 },
    reservedCpus: 0,
    totalCpus: 2,
    reservedMemoryBytes: 0,
    totalMemoryBytes: 2 ** 31,
    cpus: 2,
    memoryBytes: 2 ** 31,
    clockDeltaMs: 0,
    ...rest,
  };
}

export function state(overrides: Partial<ContainerState> = {}): ContainerState {
  return {
    Status: "running",
    Running: true,
    Paused: false,
    Restarting: false,
    Dead: false,
    ExitCode: 0,
    StartedAt: "2026-11-21T11:57:00.5Z",
    FinishedAt: "0001-01-01T00:00:00Z",
    ...overrides,
  };
}

export const running = state();
export const exited = (code = 0): ContainerState =>
  state({ Status: "exited", Running: false, ExitCode: code, FinishedAt: "2026-11-21T10:00:00Z" });
export const created = state({ Status: "created", Running: false, StartedAt: "0001-01-01T00:00:00Z" });

export interface ContainerSketch {
  readonly name?: string;
  readonly id?: string;
  readonly node?: NodeView;
  readonly image?: string;
  readonly imageId?: string;
  /** RFC 3339. */
  readonly created?: string;
  readonly state?: ContainerState;
  readonly labels?: Record<string, string>;
  readonly summary?: Partial<ContainerSummary>;
}

/** A running busybox called `c1` on `node-1`. */
export function container(sketch: ContainerSketch = {}): ContainerView {
  const name = sketch.name ?? "c1";
  const id = (sketch.id ?? name).padEnd(64, "0");
  const createdAt = sketch.created ?? "2026-11-21T11:00:00Z";
  const labels = sketch.labels ?? {};
  const summary: ContainerSummary = {
    Id: id,
    Names: [`/${name}`],
    Image: sketch.image ?? "busybox",
    ImageID: sketch.imageId ?? "sha256:1",
    Command: "sh",
    Created: Math.floor(Date.parse(createdAt) / 1_000),
    Ports: [],
    Labels: labels,
    State: (sketch.state ?? running).Status,
    Status: "as the engine said it",
    ...sketch.summary,
  };
  const inspect: ContainerInspect = {
    Id: id,
    Created: createdAt,
    Name: `/${name}`,
    Image: summary.ImageID,
    State: sketch.state ?? running,
    HostConfig: {},
    Config: { Image: summary.Image, Labels: labels },
  };
  return { node: sketch.node ?? node(), summary, inspect };
}

/** `filters({ name: ["a", "b"] })` */
export const filters = (wanted: Record<string, readonly string[]> = {}): DockerFilters =>
  new Map(Object.entries(wanted));

export function listQuery(overrides: Partial<ContainerListQuery> = {}): ContainerListQuery {
  return {
    all: false,
    limit: 0,
    before: undefined,
    filters: filters(),
    clientVersion: "1.40",
    ...overrides,
  };
}

export function image(overrides: Partial<ImageSummary> & { readonly Id: string }): ImageSummary {
  return {
    Containers: -1,
    Created: 1_000,
    Labels: null,
    ParentId: "",
    RepoDigests: [],
    RepoTags: [],
    SharedSize: -1,
    Size: 10,
    ...overrides,
  };
}

export function network(owner: NodeView, overrides: Partial<NetworkSummary> = {}): NetworkView {
  return {
    node: owner,
    network: { Id: "n".repeat(64), Name: "net", Scope: "local", Driver: "bridge", ...overrides },
  };
}

/** What an `ApiError` says, as `status message`; `"nothing"` when nothing is thrown. */
export function refusal(action: () => unknown): string {
  try {
    action();
    return "nothing";
  } catch (error) {
    const { status, message } = error as { status: number; message: string };
    return `${status} ${message}`;
  }
}
