import { rfc3339 } from "./clock.ts";
import { diskUsage } from "./disk-usage.ts";
import { EngineRefusal, textOf, type Exchange } from "./exchange.ts";
import type { Route } from "./router.ts";

const KERNEL = "6.1.0-simulated";

function ping(exchange: Exchange): void {
  const isHead = exchange.method === "HEAD";
  exchange.answer(
    200,
    {
      "Cache-Control": "no-cache, no-store, must-revalidate",
      Pragma: "no-cache",
      ...(exchange.state.apiMinor >= 43 && { "Builder-Version": "1", Swarm: "inactive" }),
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Length": isHead ? 0 : 2,
    },
    isHead ? "" : "OK",
  );
}

function version(exchange: Exchange): void {
  const { apiVersion, minApiVersion, serverVersion } = exchange.state.versions;
  const common = {
    ApiVersion: apiVersion,
    MinAPIVersion: minApiVersion,
    GitCommit: "simulated",
    GoVersion: "none",
  };
  const machine = {
    Os: "linux",
    Arch: "amd64",
    KernelVersion: KERNEL,
    BuildTime: "2024-01-01T00:00:00.000000000+00:00",
  };
  exchange.json(200, {
    Platform: { Name: "Simulated engine" },
    Components: [
      { Name: "Engine", Version: serverVersion, Details: { ...common, ...machine, Experimental: "false" } },
    ],
    ...{ Version: serverVersion, ...common, ...machine },
  });
}

function info(exchange: Exchange): void {
  const { state } = exchange;
  const count = { running: 0, paused: 0, stopped: 0 };
  for (const { status } of state.containers.values()) {
    count[status === "paused" ? "paused" : status === "running" ? "running" : "stopped"]++;
  }
  const yes = ["MemoryLimit", "SwapLimit", "CpuCfsPeriod", "CpuCfsQuota", "CPUShares", "CPUSet", "PidsLimit"];
  const more = ["IPv4Forwarding", "BridgeNfIptables", "BridgeNfIp6tables", "OomKillDisable"];
  exchange.json(200, {
    ...{ ID: state.id, Containers: state.containers.size, ContainersRunning: count.running },
    ...{ ContainersPaused: count.paused, ContainersStopped: count.stopped, Images: state.images.size },
    ...{ Driver: state.system.storageDriver ?? "overlay2", DriverStatus: [["Backing Filesystem", "extfs"]] },
    Plugins: {
      Volume: ["local"],
      Network: ["bridge", "host", "null"],
      Authorization: null,
      Log: ["json-file", "local"],
    },
    ...Object.fromEntries([...yes, ...more].map((name) => [name, true])),
    ...{
      Debug: false,
      NFd: 20,
      NGoroutines: 40,
      SystemTime: rfc3339(state.clock.now()),
      LoggingDriver: "json-file",
    },
    ...{
      CgroupDriver: "cgroupfs",
      CgroupVersion: "2",
      NEventsListener: state.events.listeners,
      KernelVersion: state.system.kernelVersion ?? KERNEL,
    },
    ...{
      OperatingSystem: state.system.operatingSystem ?? "Simulated Docker engine",
      OSVersion: "1",
      OSType: "linux",
      Architecture: "x86_64",
    },
    ...{ IndexServerAddress: "https://index.docker.io/v1/", NCPU: state.cpus, MemTotal: state.memoryBytes },
    ...{
      GenericResources: null,
      DockerRootDir: "/var/lib/docker",
      HttpProxy: "",
      HttpsProxy: "",
      NoProxy: "",
    },
    ...{
      Name: state.name,
      Labels: state.labels,
      ExperimentalBuild: false,
      ServerVersion: state.versions.serverVersion,
    },
    ...{
      Runtimes: { runc: { path: "runc" } },
      DefaultRuntime: "runc",
      LiveRestoreEnabled: false,
      Isolation: "",
    },
    Swarm: {
      NodeID: "",
      NodeAddr: "",
      LocalNodeState: "inactive",
      ControlAvailable: false,
      Error: "",
      RemoteManagers: null,
    },
    ...{ InitBinary: "docker-init", SecurityOptions: ["name=seccomp,profile=default"], Warnings: null },
  });
}

/** Anybody may log in whose password is not `wrong`; an identity token goes back as it came. */
async function auth(exchange: Exchange): Promise<void> {
  const { password, identitytoken } = await exchange.jsonBody();
  if (password === "wrong")
    throw new EngineRefusal(401, "login attempt failed with status: 401 Unauthorized");
  exchange.json(200, { Status: "Login Succeeded", IdentityToken: textOf(identitytoken) });
}

// prettier-ignore
export const systemRoutes: readonly Route[] = [
  { method: "get",  path: "/_ping",   handle: ping },
  { method: "head", path: "/_ping",   handle: ping },
  { method: "get",  path: "/info",    handle: info },
  { method: "get",  path: "/version", handle: version },
  { method: "post", path: "/auth",    handle: auth },
  { method: "get",  path: "/system/df", handle: diskUsage },
  { method: "get",  path: "/events",  handle: (exchange) => exchange.state.events.serve(exchange) },
];
