import type { ContainerInspect, HostConfig, Unknown } from "../../../src/docker/types.ts";
import { id } from "./builders.ts";

/** A running container as an engine of two CPUs shows it. */
export function inspect({
  config = {},
  host = {},
  networks = {},
  running = true,
  containerId = id("1"),
}: {
  readonly config?: Unknown;
  readonly host?: HostConfig;
  readonly networks?: Readonly<Record<string, Unknown>>;
  readonly running?: boolean;
  readonly containerId?: string;
} = {}): ContainerInspect {
  return {
    Id: containerId,
    Created: "2024-01-01T00:00:00Z",
    Name: "/web",
    Image: `sha256:${id("f")}`,
    State: {
      ...{ Status: running ? "running" : "exited", Running: running, Paused: false, Restarting: false },
      ...{ Dead: false, ExitCode: 0, StartedAt: "", FinishedAt: "" },
    },
    HostConfig: { NetworkMode: "default", RestartPolicy: { Name: "no", MaximumRetryCount: 0 }, ...host },
    Config: { Hostname: containerId.slice(0, 12), Image: "busybox", Cmd: ["sh"], Labels: {}, ...config },
    NetworkSettings: { Networks: networks },
  };
}
