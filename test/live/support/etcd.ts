import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { toolEnvironment } from "../../lab/command.ts";
import type { LabEngine } from "../../lab/engine.ts";
import { eventually } from "../../lab/eventually.ts";
import { freePort } from "../../lab/free-port.ts";
import type { Lab } from "../../lab/lab.ts";
import { findTool } from "../../lab/system.ts";

/** A real etcd of one member on the test machine's address in the lab, with the v2 interface engines up to 20.10 want of a cluster store. */
export class Etcd implements AsyncDisposable {
  /** `10.88.17.1:40123` */
  readonly address: string;
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(address: string, folder: string, child: ChildProcess) {
    this.address = address;
    this.#folder = folder;
    this.#process = child;
    this.#ended = once(child, "close");
  }

  /** Starts it, empty, and waits until it answers. It cannot outlive the lab. */
  static async start(lab: Lab): Promise<Etcd> {
    const program = findTool("etcd");
    if (program === undefined) throw new Error("etcd is missing: apt-get install etcd-server");
    const folder = mkdtempSync(path.join(lab.folder, "etcd-"));
    const { gateway } = lab.network;
    const [client, peer] = [await freePort(gateway), await freePort(gateway)];
    const log = path.join(folder, "log");
    const url = `http://${gateway}:${String(client)}`;
    // prettier-ignore
    const args = [
      "--data-dir", path.join(folder, "data"), "--enable-v2",
      "--listen-client-urls", url, "--advertise-client-urls", url,
      "--listen-peer-urls", `http://${gateway}:${String(peer)}`,
    ];
    // exec: the shell only redirects, so the child is etcd
    const child = spawn("sh", ["-c", 'log="$1"; shift; exec "$0" "$@" >"$log" 2>&1', program, log, ...args], {
      env: toolEnvironment(lab.mark),
      stdio: "ignore",
    });
    const etcd = new Etcd(`${gateway}:${String(client)}`, folder, child);
    await eventually("etcd answers", async () => {
      if (child.exitCode !== null) throw new Error(`etcd ended:\n${readFileSync(log, "utf8")}`);
      return await fetch(`${url}/health`).then(
        async (answer) => (await answer.text()).includes("true"),
        () => false,
      );
    });
    return etcd;
  }

  /** Makes an engine, 20.10 at most, keep its overlay networks here. Restarts it. */
  async serve(engine: LabEngine): Promise<void> {
    const settings = { "cluster-store": `etcd://${this.address}/lab`, "cluster-advertise": engine.addr };
    writeFileSync(path.join(engine.host.folder, "etc-docker/daemon.json"), JSON.stringify(settings));
    await engine.restart();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) this.#process.kill("SIGKILL"); // its files go too
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
