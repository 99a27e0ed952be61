import type { HostConfig } from "../../src/docker/types.ts";

/** What a create body leaves out, as 20.10.24 fills it in (recorded). */
export const CONFIG_DEFAULTS = {
  ...{ Domainname: "", User: "", AttachStdin: false, AttachStdout: false, AttachStderr: false, Tty: false },
  ...{
    OpenStdin: false,
    StdinOnce: false,
    Env: null,
    Cmd: null,
    Volumes: null,
    WorkingDir: "",
    Entrypoint: null,
  },
  ...{ OnBuild: null, Labels: {} },
};

const HOST_CONFIG_DEFAULTS = {
  ...{
    Binds: null,
    ContainerIDFile: "",
    LogConfig: { Type: "json-file", Config: {} },
    NetworkMode: "default",
  },
  ...{
    PortBindings: {},
    RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
    AutoRemove: false,
    VolumeDriver: "",
  },
  ...{
    VolumesFrom: null,
    CapAdd: null,
    CapDrop: null,
    CgroupnsMode: "host",
    Dns: [],
    DnsOptions: [],
    DnsSearch: [],
  },
  ...{
    ExtraHosts: null,
    GroupAdd: null,
    IpcMode: "private",
    Cgroup: "",
    Links: null,
    OomScoreAdj: 0,
    PidMode: "",
  },
  ...{ Privileged: false, PublishAllPorts: false, ReadonlyRootfs: false, SecurityOpt: null, UTSMode: "" },
  ...{ UsernsMode: "", ShmSize: 67108864, Runtime: "runc", ConsoleSize: [0, 0], Isolation: "", CpuShares: 0 },
  ...{ Memory: 0, NanoCpus: 0, CgroupParent: "", BlkioWeight: 0, CpuPeriod: 0, CpuQuota: 0, CpusetCpus: "" },
  ...{ CpusetMems: "", Devices: [], DeviceCgroupRules: null, DeviceRequests: null, MemoryReservation: 0 },
  ...{ MemorySwap: 0, MemorySwappiness: null, OomKillDisable: false, PidsLimit: null, Ulimits: [] },
  ...{ CpuCount: 0, CpuPercent: 0, CpuRealtimePeriod: 0, CpuRealtimeRuntime: 0, IOMaximumIOps: 0 },
  ...{ IOMaximumBandwidth: 0, KernelMemory: 0, KernelMemoryTCP: 0, BlkioWeightDevice: [] },
  ...{ BlkioDeviceReadBps: null, BlkioDeviceWriteBps: null, BlkioDeviceReadIOps: null },
  BlkioDeviceWriteIOps: null,
  MaskedPaths: [
    ...["/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats"],
    ...["/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"],
  ],
  ReadonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
};

/** The mode a container shows. */
export const networkMode = (mode: string | undefined): string =>
  mode === undefined || mode === "" ? "default" : mode;

/** A container's `HostConfig` as an engine shows it. */
export const fullHostConfig = (hostConfig: HostConfig): object => ({
  ...HOST_CONFIG_DEFAULTS,
  ...hostConfig,
  NetworkMode: networkMode(hostConfig.NetworkMode),
});

/** Texts of host configurations by what was asked for; a fleet's containers have few different ones. */
const hostConfigTexts = new Map<string, string>();
const KEPT_TEXTS = 5_000;

/** `JSON.stringify(fullHostConfig(…))` */
export function hostConfigText(hostConfig: HostConfig): string {
  const asked = JSON.stringify(hostConfig);
  const known = hostConfigTexts.get(asked);
  if (known !== undefined) return known;
  const text = JSON.stringify(fullHostConfig(hostConfig));
  if (hostConfigTexts.size >= KEPT_TEXTS) hostConfigTexts.clear();
  hostConfigTexts.set(asked, text);
  return text;
}
