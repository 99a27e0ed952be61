import { plainText } from "../plain-text.ts";
import type { Belongings } from "./belongings.ts";
import { absent, anything, denied, eachOf, fields, nothing, oneOf, textAt, type Check } from "./checks.ts";
import { namespaceMode, networkMode } from "./endpoints.ts";
import { bind, mount } from "./mounts.ts";

/** What a container may use of its node, also when it is changed later. Devices and groups of the host are not among it. */
const RESOURCES: Readonly<Record<string, Check>> = {
  ...each(
    ["CpuShares", "Memory", "NanoCpus", "BlkioWeight", "CpuPeriod", "CpuQuota", "CpusetCpus", "CpusetMems"],
    anything,
  ),
  ...each(["MemoryReservation", "MemorySwap", "MemorySwappiness", "PidsLimit", "Ulimits"], anything),
  ...each(["CpuCount", "CpuPercent", "IOMaximumIOps", "IOMaximumBandwidth"], anything),
  ...each(
    ["CgroupParent", "CpuRealtimePeriod", "CpuRealtimeRuntime", "KernelMemory", "KernelMemoryTCP"],
    nothing,
  ),
  ...each(["BlkioWeightDevice", "BlkioDeviceReadBps", "BlkioDeviceWriteBps"], nothing),
  ...each(["BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"], nothing),
  ...each(["Devices", "DeviceCgroupRules", "DeviceRequests", "OomKillDisable"], nothing),
};

/** The body of `POST …/update`. */
export const updateFields: Readonly<Record<string, Check>> = { ...RESOURCES, RestartPolicy: anything };

/** `HostConfig` of a create body. What is not here must be absent: what a new version of Docker brings is refused until somebody has looked at it. */
export const hostConfig = (own: Belongings): Check =>
  fields({
    ...updateFields,
    ...each(
      ["AutoRemove", "PortBindings", "PublishAllPorts", "ReadonlyRootfs", "Init", "ConsoleSize"],
      anything,
    ),
    ...each(["Dns", "DnsOptions", "DnsSearch", "ExtraHosts", "GroupAdd", "CapDrop", "ShmSize"], anything),
    ...each(["Tmpfs", "ContainerIDFile"], anything),
    ...each(["Privileged", "CapAdd", "Capabilities", "Sysctls", "Runtime", "Cgroup", "StorageOpt"], nothing),
    ...each(["Annotations", "UTSMode", "UsernsMode"], nothing),
    ...each(["MaskedPaths", "ReadonlyPaths"], absent),
    Binds: eachOf(bind(own)),
    Mounts: eachOf(mount(own)),
    VolumesFrom: eachOf(reference(own)),
    Links: eachOf(link(own)),
    VolumeDriver: oneOf("", "local"),
    NetworkMode: networkMode(own),
    IpcMode: namespaceMode(own, "private", "none", "shareable"),
    PidMode: namespaceMode(own),
    CgroupnsMode: oneOf("", "private"),
    Isolation: oneOf("", "default"),
    SecurityOpt: eachOf(securityOption),
    OomScoreAdj: oomScore,
    LogConfig: fields({ Type: oneOf("", "json-file", "local", "none"), Config: anything }),
  });

function each(names: readonly string[], check: Check): Readonly<Record<string, Check>> {
  return Object.fromEntries(names.map((name) => [name, check]));
}

/** `container[:mode]` of `VolumesFrom`. */
const reference =
  (own: Belongings): Check =>
  (value, at) => {
    const text = textAt(value, at);
    const colon = text.indexOf(":");
    const name = colon < 0 ? text : text.slice(0, colon);
    return own.shared(name) + text.slice(name.length);
  };

/** `container[:alias]`. The engine tells a container the environment of one it is linked to. */
const link =
  (own: Belongings): Check =>
  (value, at) => {
    const text = textAt(value, at);
    const colon = text.indexOf(":");
    const name = colon < 0 ? text : text.slice(0, colon);
    const alias = colon < 0 ? text.slice(text.lastIndexOf("/") + 1) : text.slice(colon + 1);
    return `${own.shared(name)}:${alias}`;
  };

/** Only what takes rights away. */
const securityOption: Check = (value, at) => {
  const text = textAt(value, at);
  if (!/^no-new-privileges([:=]true)?$/.test(text)) throw denied(`set ${at} to ${plainText(text)}`);
  return text;
};

/** Below zero a container outlives what the host needs. */
const oomScore: Check = (value, at) => {
  if (value !== undefined && value !== null && !(typeof value === "number" && value >= 0))
    throw denied(`set ${at} below 0`);
  return value ?? undefined;
};
