import { hostname, release } from "node:os";

/** Go's names for operating systems and processors, which clients compare with. */
const OS: Readonly<Record<string, string>> = { win32: "windows" };
const ARCH: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** The machine the manager runs on, as Docker describes machines. */
export const platform = {
  os: OS[process.platform] ?? process.platform,
  arch: ARCH[process.arch] ?? process.arch,
  kernelVersion: release(),
  hostName: hostname(),
} as const;
