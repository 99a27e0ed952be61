import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { containersOf, nodeOf, refused, running } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

/** Every look is taken right after the answer to the command before it: the manager's view is never stale. */
describe("the life of a container", () => {
  const manager = useManager();
  const ask = async (...args: string[]) => await succeed(manager().docker, args);
  const state = async () => await ask("ps", "-a", "--format", "{{.State}}");
  const status = async () => await ask("ps", "-a", "--format", "{{.Status}}");

  it("create, start, pause, unpause, restart, stop, start, kill, rm", async () => {
    const steps = [
      [["create", "--name", "box", "busybox", "sleep", "1000"], "created", /^Created$/],
      [["start", "box"], "running", /^Up /],
      [["pause", "box"], "paused", /^Up .*\(Paused\)$/],
      [["unpause", "box"], "running", /^Up [^(]*$/],
      [["restart", "-t", "0", "box"], "running", /^Up /],
      [["stop", "-t", "0", "box"], "exited", /^Exited \(137\) /],
      [["start", "box"], "running", /^Up /],
      [["kill", "box"], "exited", /^Exited \(137\) /],
      [["rm", "box"], "", /^$/],
    ] as const;
    for (const [command, expected, text] of steps) {
      await ask(...command);
      expect(await state(), command.join(" ")).to.equal(expected);
      expect(await status(), command.join(" ")).to.match(text);
    }
  });

  it("the same ten times over: a look is never behind", async () => {
    await running(manager().docker, "--name", "box");
    const seen: string[] = [];
    for (let turn = 0; turn < 10; turn++) {
      await ask("pause", "box");
      seen.push(await state());
      await ask("unpause", "box");
      seen.push(await state());
    }
    expect(seen).to.deep.equal(Array.from({ length: 10 }, () => ["paused", "running"]).flat());
  });

  it("kill sends any signal", async () => {
    const script = "trap 'exit 30' USR1; echo ready; while :; do sleep 0.05; done";
    await ask("run", "-d", "--name", "box", "busybox", "sh", "-c", script);
    await eventually("it listens", async () => (await ask("logs", "box")) === "ready");
    await ask("kill", "-s", "USR1", "box");
    expect(await ask("wait", "box")).to.equal("30");
    expect(await ask("inspect", "--format", "{{.State.ExitCode}}", "box")).to.equal("30");
  });

  it("rename: the old name is free at once, the new one is taken in the whole cluster", async () => {
    await running(manager().docker, "--name", "old", "-e", "constraint:node==node-1");
    await ask("rename", "old", "new");
    expect(await ask("ps", "--format", "{{.Names}}")).to.equal("node-1/new");
    const taken = await refused(manager().docker, [
      ...["create", "--name", "new", "-e", "constraint:node==node-2", "busybox"],
    ]);
    expect(taken[0]).to.match(/^Conflict: The name new is already assigned\./);
    await running(manager().docker, "--name", "old", "-e", "constraint:node==node-2");
    expect((await refused(manager().docker, ["rename", "old", "new"]))[0]).to.match(
      /^Conflict: The name new /,
    );
  });

  it("update changes limits and restart policy, which inspect shows", async () => {
    await running(manager().docker, "--name", "box", "--memory", "64m");
    await ask("update", "--memory", "32m", "--memory-swap", "64m", "--restart", "on-failure:2", "box");
    const format = "{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}}";
    expect(await ask("inspect", "--format", format, "box")).to.equal("33554432 on-failure");
  });

  it("rm refuses a running container with the engine's words, rm -f does not", async () => {
    const id = await running(manager().docker, "--name", "box");
    const { code, stderr } = await manager().docker(["rm", "box"]);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^Error response from daemon: (You )?cannot remove (a running )?container /);
    expect(await ask("rm", "-f", "box")).to.equal("box");
    expect(await state()).to.equal("");
    for (const engine of lab().engines) expect(await containersOf(engine)).not.to.include(id);
    await running(manager().docker, "--name", "box");
  });

  it("rm -v removes anonymous volumes too", async () => {
    await ask("create", "--name", "box", "-v", "/data", "busybox");
    const node = lab().engine(await nodeOf(manager().docker, "box"));
    const volume = await ask("inspect", "--format", "{{(index .Mounts 0).Name}}", "box");
    expect((await node.api("GET", `/volumes/${volume}`)).status).to.equal(200);
    await ask("rm", "-v", "box");
    expect((await node.api("GET", `/volumes/${volume}`)).status).to.equal(404);
  });

  it("several at once, on several nodes", async () => {
    const names = ["one", "two", "three"];
    for (const name of names) await running(manager().docker, "--name", name);
    expect(await ask("stop", "-t", "0", ...names)).to.equal(names.join("\n"));
    expect(await ask("ps", "-q")).to.equal("");
    expect(await ask("rm", ...names)).to.equal(names.join("\n"));
    expect(await ask("ps", "-aq")).to.equal("");
  });

  it("container prune removes what has stopped, on all nodes", async () => {
    for (const node of ["node-1", "node-2", "node-3"]) {
      await ask("create", "--name", `on-${node}`, "-e", `constraint:node==${node}`, "busybox");
    }
    await running(manager().docker, "--name", "stays");
    const output = await ask("container", "prune", "-f");
    expect(output).to.match(/^Deleted Containers:\n([0-9a-f]{64}\n){3}\nTotal reclaimed space: /);
    expect(await ask("ps", "-a", "--format", "{{.Names}}")).to.match(/^node-[123]\/stays$/);
  });

  it("inspect names the node", async () => {
    await running(manager().docker, "--name", "box", "-e", "constraint:node==node-2");
    const [container] = JSON.parse(await ask("inspect", "box")) as [{ Node: Record<string, unknown> }];
    const { addr, ip } = lab().engine("node-2");
    expect(container.Node).to.include({ Name: "node-2", Addr: addr, IP: ip });
    expect(container.Node.ID).to.match(/.\|.*:2375$/);
    expect(container.Node.Labels).to.include({ region: "us-west", storage: "disk" });
    expect(container.Node.Cpus).to.be.greaterThan(0);
    expect(container.Node.Memory).to.be.greaterThan(0);
  });

  it("a container that ends by itself is seen to", async () => {
    await ask("run", "-d", "--name", "box", "busybox", "true");
    await ask("wait", "box");
    expect(await state()).to.equal("exited");
  });
});

describe("docker ps", () => {
  const manager = useManager();
  const names = async (...options: string[]) =>
    (await succeed(manager().docker, ["ps", "--format", "{{.Names}}", ...options]))
      .split("\n")
      .filter((name) => name !== "")
      .map((name) => name.split("/")[1])
      .sort();

  const all = ["up", "down", "paused", "fresh"];
  const make = async () => {
    await running(manager().docker, "--name", "up", "--label", "team=red", "-e", "constraint:node==node-1");
    await manager().docker([
      "run",
      "--name",
      "down",
      "--label",
      "team=blue",
      "busybox",
      "sh",
      "-c",
      "exit 3",
    ]);
    await running(manager().docker, "--name", "paused", "--label", "team=red", "-v", "/data");
    await succeed(manager().docker, ["pause", "paused"]);
    await succeed(manager().docker, [
      "create",
      "--name",
      "fresh",
      "-e",
      "constraint:node==node-3",
      "busybox",
    ]);
  };

  it("shows the running ones, -a all of them, -n and -l the newest", async () => {
    await make();
    expect(await names()).to.deep.equal(["paused", "up"]);
    expect(await names("-a")).to.deep.equal([...all].sort());
    expect(await names("-l")).to.deep.equal(["fresh"]);
    expect(await names("-n", "2")).to.deep.equal(["fresh", "paused"]);
    expect(await names("-a", "--filter", "label=team=red")).to.deep.equal(["paused", "up"]);
    expect(await names("-a", "--filter", "label=team")).to.deep.equal(["down", "paused", "up"]);
    expect(await names("--filter", "status=exited")).to.deep.equal(["down"]);
    expect(await names("--filter", "status=paused")).to.deep.equal(["paused"]);
    expect(await names("-a", "--filter", "status=created")).to.deep.equal(["fresh"]);
    expect(await names("-a", "--filter", "exited=3")).to.deep.equal(["down"]);
    expect(await names("-a", "--filter", "node=node-3", "--filter", "name=fresh")).to.deep.equal(["fresh"]);
    expect(await names("-a", "--filter", "name=^(up|down)$")).to.deep.equal(["down", "up"]);
    expect(await names("-a", "--filter", "volume=/data")).to.deep.equal(["paused"]);
    expect(await names("-a", "--filter", "ancestor=busybox")).to.deep.equal([...all].sort());
    expect(await names("-a", "--filter", "before=paused")).to.deep.equal(["down", "up"]);
    expect(await names("-a", "--filter", "since=paused")).to.deep.equal(["fresh"]);
    expect(await names("-a", "--filter", "network=bridge")).to.deep.equal([...all].sort());
  });

  it("shows published ports at the node's own address", async () => {
    await running(manager().docker, "-p", "8080:80", "-e", "constraint:node==node-2");
    const ports = await succeed(manager().docker, ["ps", "--format", "{{.Ports}}"]);
    expect(ports).to.equal(`${lab().engine("node-2").ip}:8080->80/tcp`);
    const [id] = (await succeed(manager().docker, ["ps", "-q"])).split("\n");
    expect(await succeed(manager().docker, ["port", id!])).to.match(
      new RegExp(`^80/tcp -> ${lab().engine("node-2").ip}:8080(\n|$)`),
    );
  });

  it("-s asks for sizes", async () => {
    await running(manager().docker, "--name", "box");
    await succeed(manager().docker, ["exec", "box", "sh", "-c", "head -c 100000 /dev/zero >/file"]);
    const size = await succeed(manager().docker, ["ps", "-s", "--format", "{{.Size}}"]);
    expect(size).to.match(/^1\d\dkB \(virtual .*MB\)$/);
  });
});
