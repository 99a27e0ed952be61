import { mkdtempSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { eventually } from "../../../lab/eventually.ts";
import { Lab } from "../../../lab/lab.ts";
import { startEtcd } from "../../../lab/stores/etcd.ts";
import type { LabEtcd } from "../../../lab/stores/etcd.ts";
import { succeed } from "../../support/docker-cli.ts";
import { keepOverlaysIn } from "../../support/etcd.ts";
import { untilStatus } from "../../support/faults.ts";
import { keptIn } from "../../support/kept.ts";
import { sweep } from "../../support/leftovers.ts";
import { Manager } from "../../support/manager.ts";
import { needs } from "../../support/needs.ts";
import { running } from "../../support/placing.ts";
import { runOn, untilMoved, untilOneRuns, untilSettled, watching } from "./support.ts";

interface Endpoint {
  readonly Aliases: readonly string[] | null;
  readonly IPAddress: string;
  readonly IPAMConfig: { readonly IPv4Address?: string } | null;
}

describe("a container in networks that span engines, when its node fails", () => {
  needs("etcd");
  let lab: Lab, etcd: LabEtcd, manager: Manager;
  const docker = (...args: readonly string[]) => succeed(manager.docker, args);
  const endpoints = async () =>
    JSON.parse(await docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", "web")) as Readonly<
      Record<string, Endpoint>
    >;
  /**
   * From its own node. Engines with a cluster store never forget where a dead engine had an address, so that those of other nodes go on sending there
   * what is meant for the new copy, which gets the same address: peer entries of the engine's, out of any manager's reach.
   */
  const reaches = async (node: string, name: string) =>
    await eventually(`${name} is reached on ${node}`, async () => {
      const ping = ["exec", `client-${node}`, "ping", "-c", "1", "-W", "1", name];
      return (await manager.docker(ping)).code === 0;
    });

  before(async () => {
    lab = await Lab.create({ engines: [{ name: "node-1" }, { name: "node-2" }, { name: "node-3" }] });
    etcd = await startEtcd(lab, { ip: lab.network.gateway, v2: true });
    await Promise.all(lab.engines.map((engine) => keepOverlaysIn(etcd, engine)));
    const stateDir = mkdtempSync(path.join(lab.folder, "state-"));
    manager = await Manager.start(lab, { ...watching(), stateDir });
    for (const [name, subnet] of [
      ["front", "10.77.0.0/24"],
      ["back", "10.77.1.0/24"],
    ] as const) {
      await docker("network", "create", "--driver", "overlay", "--subnet", subnet, name);
    }
    for (const node of ["node-2", "node-3"]) {
      const flags = [
        "-e",
        `constraint:node==${node}`,
        "--net",
        "front",
        "--restart",
        "always",
        "--stop-signal",
        "KILL",
      ];
      await running(manager.docker, ...flags, "--name", `client-${node}`);
      await docker("network", "connect", "back", `client-${node}`);
    }
    const flags = [
      "--net",
      "front",
      "--net-alias",
      "www",
      "--ip",
      "10.77.0.50",
      "-e",
      "constraint:node!=node-1",
    ];
    await runOn(manager, "node-2", "web", ...flags);
    await docker("network", "connect", "--alias", "inner", "--ip", "10.77.1.60", "back", "web");
    for (const name of ["web", "www", "inner"]) await reaches("node-2", name);
    await eventually("the manager has noted what was connected later", () => {
      const { networks = {} } = keptIn(stateDir).get("web")?.detail ?? {};
      return Object.keys(networks).sort().join() === "back,front";
    });
  });
  after(async () => {
    await lab.recover();
    await sweep(lab, manager);
    await manager.stop();
    await etcd[Symbol.asyncDispose]();
    await lab.dispose();
  });

  const itIsReachedOn = async (node: string) => {
    const { front, back } = await endpoints();
    expect(front).to.include({ IPAddress: "10.77.0.50" });
    expect(front?.Aliases).to.include("www");
    expect(back).to.include({ IPAddress: "10.77.1.60" });
    expect(back?.Aliases).to.include("inner");
    for (const name of ["web", "www", "inner"]) await reaches(node, name);
  };

  // §7.4 #5
  it("runs elsewhere with its networks, aliases and addresses, though its old endpoints are still there", async () => {
    await lab.engine("node-2").kill();
    expect(await untilMoved(manager, "web", "node-2", 30_000)).to.equal("node-3");
    await itIsReachedOn("node-3");
  });

  // §7.4 #5
  it("stays reachable when its old copy gives way", async () => {
    await lab.engine("node-2").recover();
    await untilStatus(manager, "node-2", "Healthy");
    await untilOneRuns("web", { engines: lab.engines });
    await untilSettled(manager);
    await itIsReachedOn("node-3");
  });

  // §7.4 #5, #7
  it("goes back the same way when its new node fails too", async () => {
    await lab.engine("node-3").kill();
    expect(await untilMoved(manager, "web", "node-3", 30_000)).to.equal("node-2");
    await itIsReachedOn("node-2");
    await lab.engine("node-3").recover();
    await untilStatus(manager, "node-3", "Healthy");
    await untilOneRuns("web", { engines: lab.engines });
    await itIsReachedOn("node-2");
  });
});
