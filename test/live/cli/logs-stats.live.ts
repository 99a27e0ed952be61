import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { connectionsTo } from "../support/connections.ts";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { nodeOf, running } from "../support/placing.ts";
import { Session } from "../support/session.ts";
import { useManager } from "../support/use-manager.ts";

/** Writes a line for every line it reads. */
const echoing = ["run", "-di", "--stop-timeout", "1", "--name", "box", "busybox", "cat"];

describe("docker logs", () => {
  const manager = useManager();
  const logs = async (...options: string[]) => await succeed(manager().docker, ["logs", ...options, "box"]);

  /** A container that has written 1 … 5 to its output and `oops` to its error. */
  const writeSome = async () => {
    const script = "seq 1 5; echo oops >&2";
    await manager().docker(["run", "--name", "box", "busybox", "sh", "-c", script]);
  };

  it("keeps standard output and standard error apart", async () => {
    await writeSome();
    const { code, stdout, stderr } = await manager().docker(["logs", "box"]);
    expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: "1\n2\n3\n4\n5\n", stderr: "oops\n" });
  });

  it("--tail shows the end, --since and --until a period, -t the times", async () => {
    await writeSome();
    expect(await logs("--tail", "2")).to.match(/^(4\n)?5$/); // `oops` is one of the two, or not yet
    const [first] = (await logs("-t")).split("\n");
    expect(first).to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z 1$/);
    expect(await logs("--since", first!.split(" ")[0]!)).to.equal("1\n2\n3\n4\n5");
    expect(await logs("--until", first!.split(" ")[0]!)).to.match(/^1?$/);
    expect(await logs("--since", "2100-01-01T00:00:00Z")).to.equal("");
  });

  it("-f shows what comes and ends when the container stops", async () => {
    await succeed(manager().docker, echoing);
    await using session = Session.start(manager().url, ["logs", "-f", "box"]);
    await manager().docker(["attach", "box"], { input: "one\n", timeoutMs: 500 });
    await session.until("one\n");
    await succeed(manager().docker, ["stop", "-t", "0", "box"]);
    expect(await session.exitCode()).to.equal(0);
  });

  it("-f ends with the followed container's restart, not before", async () => {
    const script = 'echo "here"; [ -e /again ] && exit 0; touch /again; exit 1';
    const restarting = ["run", "-d", "--restart", "on-failure", "--name", "box", "busybox"];
    await succeed(manager().docker, [...restarting, "sh", "-c", script]);
    await eventually("both runs are in the log", async () => (await logs()) === "here\nhere");
    expect(await logs("-f")).to.equal("here\nhere");
  });

  it("of a container at a terminal come raw", async () => {
    await manager().docker(["run", "-t", "--name", "box", "busybox", "echo", "hello"]);
    expect(await logs()).to.equal("hello\r");
  });

  it("clients that leave end the engine's streams", async () => {
    const script = "echo ready; sleep 1000";
    await succeed(manager().docker, ["run", "-d", "--name", "box", "busybox", "sh", "-c", script]);
    const { ip } = lab().engine(await nodeOf(manager().docker, "box"));
    const clients = Array.from({ length: 5 }, () => Session.start(manager().url, ["logs", "-f", "box"]));
    await Promise.all(clients.map((client) => client.until("ready")));
    const during = await connectionsTo(ip);
    await Promise.all(clients.map((client) => client.kill()));
    await eventually("their connections are closed", async () => await closed(ip, during, clients.length));
  });

  it("of an unknown container are a plain error", async () => {
    const { code, stderr } = await manager().docker(["logs", "nosuch"]);
    expect(code).to.equal(1);
    expect(stderr).to.equal("Error response from daemon: No such container: nosuch\n");
  });
});

describe("docker stats, top and wait", () => {
  const manager = useManager();
  const ask = async (...args: string[]) => await succeed(manager().docker, args);

  it("stats --no-stream shows every running container of every node", async () => {
    for (const node of ["node-1", "node-2", "node-3"]) {
      await running(manager().docker, "--name", `on-${node}`, "-e", `constraint:node==${node}`);
    }
    const rows = (await ask("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}")).split("\n").sort();
    expect(rows).to.deep.equal(["on-node-1 1", "on-node-2 1", "on-node-3 1"]);
  });

  it("stats goes on until the client leaves, which ends the engine's stream", async () => {
    await running(manager().docker, "--name", "box");
    const { ip } = lab().engine(await nodeOf(manager().docker, "box"));
    const leaving = new AbortController();
    const answer = await fetch(`${manager().http}/containers/box/stats`, { signal: leaving.signal });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (text.split("\n").length < 3) text += (await reader.read()).value ?? "";
    const times = text.split("\n", 2).map((line) => (JSON.parse(line) as { read: string }).read);
    expect(times[1]! > times[0]!).to.equal(true);
    const during = await connectionsTo(ip);
    leaving.abort();
    await eventually("its connection is closed", async () => await closed(ip, during, 1));
  });

  it("top shows the processes, with the options of ps", async () => {
    await running(manager().docker, "--name", "box");
    expect(await ask("top", "box")).to.match(/^UID +PID.*\n.*sleep 1000$/);
    expect(await ask("top", "box", "-o", "pid,comm")).to.match(/^PID +COMMAND\n\d+ +sleep$/);
  });

  it("wait gives the exit code of a container that ends later", async () => {
    await ask("run", "-di", "--name", "box", "busybox", "sh", "-c", "read go; exit 6");
    await using session = Session.start(manager().url, ["wait", "box"]);
    await manager().docker(["attach", "box"], { input: "go\n" });
    expect(await session.exitCode()).to.equal(0);
    expect(session.output).to.equal("6\n");
  });

  it("wait gives the exit codes of several that have ended, on several nodes, in order", async () => {
    for (const [code, node] of ["node-1", "node-2", "node-3"].entries()) {
      const on = ["--name", `ends-${String(code)}`, "-e", `constraint:node==${node}`];
      await manager().docker(["run", ...on, "busybox", "sh", "-c", `exit ${String(code)}`]);
    }
    expect(await ask("wait", "ends-2", "ends-0", "ends-1")).to.equal("2\n0\n1");
  });
});

/** Whether so many of these connections are no more. Idle ones stay. */
async function closed(ip: string, connections: readonly string[], count: number): Promise<boolean> {
  const now = await connectionsTo(ip);
  return connections.filter((end) => !now.includes(end)).length >= count;
}
