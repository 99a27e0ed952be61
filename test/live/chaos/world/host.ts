import { mkdirSync } from "node:fs";
import path from "node:path";
import { HostCgroup } from "../../../lab/cgroups.ts";
import { LabHost } from "../../../lab/host.ts";
import type { Lab } from "../../../lab/lab.ts";

/** A machine of the lab that is no engine, with its address. */
export interface PlainHost {
  readonly host: LabHost;
  readonly ip: string;
}

/** Where a plain host is plugged in at the switch, after the engines. */
export function hostIndex(index: number): number {
  return 100 + index;
}

/** Adds a machine to a lab; it goes with it. `index`: 0 to 99, one for each. */
export async function addHost(lab: Lab, name: string, index: number): Promise<PlainHost> {
  const ip = lab.network.gateway.replace(/\d+$/, String(101 + index));
  const folder = path.join(lab.folder, name);
  mkdirSync(folder);
  const cgroup = new HostCgroup(`${lab.id}-${name}`);
  cgroup.create();
  await lab.network.createHost(name, hostIndex(index), ip);
  const host = new LabHost({
    name,
    folder,
    networkNamespace: lab.network.namespaceFile(name),
    cgroup,
    mark: lab.mark,
  });
  await host.boot();
  return { host, ip };
}
