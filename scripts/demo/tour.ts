import { createServer } from "node:net";
import { eventually } from "../../test/lab/eventually.ts";
import type { Manager } from "./manager.ts";
import type { Screen } from "./screen.ts";
import type { DemoEngines, DockerClient, Outcome } from "./types.ts";

/** What a tour needs. */
export interface TourParts {
  readonly engines: DemoEngines;
  readonly manager: Manager;
  readonly docker: DockerClient;
  readonly screen: Screen;
  readonly stop: AbortSignal;
}

/**
 * Shows what the cluster can do, step by step.
 * @param made gathers the names of the containers that are left running
 * @throws when a step does not do what it claims
 */
export async function tour(
  { engines, manager, docker, screen, stop }: TourParts,
  made: { readonly containers: string[] },
): Promise<void> {
  const nodes = engines.addresses.length;
  // On the user's own engine, names that are probably free.
  const prefix = engines.kind === "local" ? "swarm-demo-" : "";
  const web = `${prefix}web`;
  const port = engines.kind === "local" ? await freePort(8080) : 8080;

  const show = async (args: readonly string[]): Promise<Outcome> => {
    stop.throwIfAborted();
    screen.command(manager.host, args);
    const outcome = await docker.run(args);
    screen.output(outcome);
    stop.throwIfAborted();
    return outcome;
  };
  const runDetached = async (name: string, args: readonly string[]): Promise<string> => {
    made.containers.push(name);
    expectOk(await show(["run", "-d", "--name", name, ...args]));
    const { stdout } = await docker.run(["inspect", name]);
    return /"Node":\s*\{[^}]*?"Name":\s*"([^"]*)"/.exec(stdout)?.[1] ?? "";
  };
  const check = (claim: boolean, text: string): void => {
    if (!claim) throw new Error(`this did not happen: ${text}`);
    screen.proof(text);
  };

  screen.step("One endpoint: to a Docker client the cluster is one engine");
  const info = await show(["info"]);
  expectOk(info);
  check(
    info.stdout.includes(`Nodes: ${nodes}`),
    `docker info lists ${nodes === 1 ? "1 node" : `${nodes} nodes`}`,
  );
  const hello = await show(["run", "--rm", "busybox", "echo", "hello from the cluster"]);
  check(
    hello.stdout.includes("hello from the cluster"),
    "a container ran somewhere, and its output came back here",
  );

  screen.step("A constraint and a published port");
  const east = engines.kind === "local" ? [] : ["-e", "constraint:region==us-east"];
  const publish = ["-p", `${port}:80`];
  const server = ["busybox", "httpd", "-f", "-p", "80", "-h", "/etc"];
  const home = await runDetached(web, [...east, ...publish, ...server]);
  const only = engines.addresses.length === 1;
  check(
    only ? home !== "" : home === "node-1",
    `${web} runs on ${home}${only ? "" : ", the node labelled region=us-east"}`,
  );

  if (engines.kind !== "simulated") {
    const url = `http://${engines.addresses[0]?.split(":")[0] ?? ""}:${port}/hostname`;
    const answer = await eventually(`${url} answers`, () => textAt(url), 20_000);
    check(/^[0-9a-f]{12}\s*$/.test(answer), `${url} answers from inside the container: ${answer.trim()}`);
  }

  screen.step("An affinity: next to another container");
  const beside = await runDetached(`${prefix}logger`, [
    "-e",
    `affinity:container==${web}`,
    "busybox",
    "sleep",
    "3600",
  ]);
  check(beside === home, `${prefix}logger runs on ${beside} too`);

  if (nodes > 1) {
    screen.step("The same port again: another node has it free");
    const other = await runDetached("web-2", [...publish, ...server]);
    check(other !== home && other !== "", `web-2 runs on ${other}`);
  }

  screen.step("All containers of all nodes");
  const list = await show(["ps"]);
  check(list.stdout.includes(`${home}/${web}`), "names carry their node");

  screen.step("When nothing fits, the cluster says why");
  const mars = await show(["run", "-e", "constraint:region==mars", "busybox", "true"]);
  check(
    mars.code !== 0 && /unable to find a node/i.test(mars.stderr),
    "the run was refused, with the reason",
  );

  screen.step(`An engine fails${only ? "" : `: ${home}`}`);
  screen.note(await engines.fail(0));
  screen.note("waiting until the manager notices");
  await manager.until(["Unhealthy", ...Array.from({ length: nodes - 1 }, () => "Healthy")], stop);
  const after = await show(["info"]);
  check(after.stdout.includes("Status: Unhealthy"), "docker info says so");
  const hosts = await show(["ps", "-a"]);
  check(new RegExp(`Host Down.*${home}/${web}`).test(hosts.stdout), "its containers are listed as Host Down");
  if (nodes > 1) {
    const next = await runDetached("survivor", ["busybox", "sleep", "3600"]);
    check(next !== home && next !== "", `new containers go elsewhere: survivor runs on ${next}`);
  }

  screen.step("The engine comes back");
  await engines.restore(0);
  await manager.until(
    Array.from({ length: nodes }, () => "Healthy"),
    stop,
  );
  check(true, "all nodes are Healthy again");
  expectOk(await show(["ps", "-a"]));
}

function expectOk({ code, stderr }: Outcome): void {
  if (code !== 0) throw new Error(`the command failed (${code ?? "killed"}): ${stderr.trim()}`);
}

const textAt = async (url: string): Promise<string | undefined> =>
  fetch(url, { signal: AbortSignal.timeout(5000) })
    .then((response) => response.text())
    .catch(() => undefined);

async function freePort(first: number): Promise<number> {
  for (let port = first; port < first + 100; port++) {
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (free) return port;
  }
  throw new Error(`no free port between ${first} and ${first + 100}`);
}

/** What to try once the tour is over. */
export function nextSteps(host: string, engines: DemoEngines): string[] {
  const docker = `docker -H ${host}`;
  const region =
    engines.kind === "local" ? [] : [`${docker} run -it --rm -e constraint:region==eu-central busybox sh`];
  return [
    `${docker} info`,
    ...region,
    `${docker} run -d -e constraint:storage!=disk busybox sleep 600`,
    `${docker} ps --filter name=web`,
    `${docker} events`,
  ];
}
