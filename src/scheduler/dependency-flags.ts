import type { Dependency } from "./types.ts";

/** The docker CLI's flag for each kind of dependency. */
export const FLAGS: Readonly<Record<Dependency["kind"], string>> = {
  "volumes-from": "--volumes-from",
  link: "--link",
  net: "--net",
  pid: "--pid",
  ipc: "--ipc",
};
