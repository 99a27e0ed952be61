import { writeFileSync } from "node:fs";
import path from "node:path";
import type { LabEngine } from "../../lab/engine.ts";

/** Makes an engine, 20.10 at most, keep its overlay networks in an etcd that speaks version 2. Restarts it. */
export async function keepOverlaysIn(etcd: { readonly address: string }, engine: LabEngine): Promise<void> {
  const settings = { "cluster-store": `etcd://${etcd.address}/lab`, "cluster-advertise": engine.addr };
  writeFileSync(path.join(engine.host.folder, "etc-docker/daemon.json"), JSON.stringify(settings));
  await engine.restart();
}
