import { createHash, randomBytes } from "node:crypto";
import { expect } from "chai";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { Session, terminalSize } from "../support/session.ts";
import { temporarySocket } from "../support/temporary-socket.ts";
import { useManager } from "../support/use-manager.ts";

describe("docker run", () => {
  const socket = temporarySocket();
  const manager = useManager({ args: ["-H", `unix://${socket}`] });

  it("keeps standard output and standard error apart and ends with the container's exit code", async () => {
    const script = "echo to-out; echo to-err >&2; exit 42";
    const { code, stdout, stderr } = await manager().docker(["run", "--rm", "busybox", "sh", "-c", script]);
    expect({ code, stdout, stderr }).to.deep.equal({ code: 42, stdout: "to-out\n", stderr: "to-err\n" });
  });

  it("loses nothing of a large output", async () => {
    const script = "seq 1 200000; seq 1 1000 >&2";
    const { code, stdout, stderr } = await manager().docker(["run", "--rm", "busybox", "sh", "-c", script]);
    expect(code).to.equal(0);
    expect(stdout.split("\n").length - 1).to.equal(200_000);
    expect(stderr.endsWith("999\n1000\n")).to.equal(true);
  });

  it("-d prints the id and leaves the container running", async () => {
    const id = await succeed(manager().docker, [
      "run",
      "-d",
      "--stop-timeout",
      "1",
      "busybox",
      "sleep",
      "1000",
    ]);
    expect(id).to.match(/^[0-9a-f]{64}$/);
    expect(await succeed(manager().docker, ["ps", "--no-trunc", "--format", "{{.ID}} {{.State}}"])).to.equal(
      `${id} running`,
    );
  });

  it("--rm leaves nothing, also not in `ps -a`", async () => {
    await succeed(manager().docker, ["run", "--rm", "--name", "fleeting", "busybox", "true"]);
    expect(await succeed(manager().docker, ["ps", "-aq"])).to.equal("");
    await succeed(manager().docker, ["run", "--rm", "--name", "fleeting", "busybox", "true"]);
  });

  it("--name gives the container its name on a node", async () => {
    await succeed(manager().docker, ["run", "-d", "--name", "web", "busybox", "sleep", "1000"]);
    expect(await succeed(manager().docker, ["ps", "--format", "{{.Names}}"])).to.match(/^node-[123]\/web$/);
    expect(await succeed(manager().docker, ["inspect", "--format", "{{.Name}}", "web"])).to.equal("/web");
  });

  it("refuses a name that another node has given", async () => {
    const onNode = (node: string) => ["run", "-d", "--name", "web", "-e", `constraint:node==${node}`];
    await succeed(manager().docker, [...onNode("node-1"), "busybox", "sleep", "1000"]);
    const { code, stderr } = await manager().docker([...onNode("node-2"), "busybox", "sleep", "1000"]);
    expect(code).to.equal(125);
    expect(stderr).to.include("Conflict: The name web is already assigned.");
  });

  it("passes environment, working directory, user and host name", async () => {
    const options = ["-e", "GREETING=hello there", "-w", "/tmp", "-u", "1000:1001", "-h", "box"];
    const script = 'echo "$GREETING"; pwd; id -u; id -g; hostname';
    const output = await succeed(manager().docker, [
      ...["run", "--rm", ...options],
      ...["busybox", "sh", "-c", script],
    ]);
    expect(output.split("\n")).to.deep.equal(["hello there", "/tmp", "1000", "1001", "box"]);
  });

  it("does not hand scheduling expressions to the container", async () => {
    const expressions = ["-e", "constraint:node==node-2", "-e", "affinity:image==busybox"];
    const env = await succeed(manager().docker, ["run", "--rm", ...expressions, "busybox", "env"]);
    expect(env).not.to.match(/constraint|affinity/);
  });

  const failures = [
    { it: "an unknown command ends with 127", args: ["busybox", "nosuchcommand"], code: 127 },
    { it: "a command that cannot be executed ends with 126", args: ["busybox", "/etc"], code: 126 },
    { it: "an unknown entrypoint ends with 127", args: ["--entrypoint", "nope", "busybox"], code: 127 },
  ];
  for (const { it: title, args, code } of failures) {
    it(`${title} and --rm removes the container all the same`, async () => {
      const result = await manager().docker(["run", "--rm", ...args]);
      expect(result.code).to.equal(code);
      expect(result.stderr).to.match(/^docker: Error response from daemon: .*runc create failed: /);
      expect(await succeed(manager().docker, ["ps", "-aq"])).to.equal("");
    });
  }

  it("an image that cannot be had ends with 125 and the reason, after one try on one node", async () => {
    const pulls = () => lab().engines.map((engine) => engine.logs(10_000).split("127.0.0.1:1").length);
    const before = pulls();
    const { code, stdout, stderr } = await manager().docker(["run", "--rm", "127.0.0.1:1/nosuch:1"]);
    expect(code).to.equal(125);
    expect(stdout).to.equal("");
    expect(stderr).to.match(
      /^Unable to find image '127\.0\.0\.1:1\/nosuch:1' locally\ndocker: Error response from daemon: Get "?https?:\/\/127\.0\.0\.1:1\/v2\/"?: dial tcp 127\.0\.0\.1:1: connect: connection refused\n/,
    );
    expect(pulls().filter((count, index) => count > before[index]!)).to.have.length(1);
  });

  it("create and `start -a` print what run would", async () => {
    const script = "echo to-out; echo to-err >&2; exit 3";
    const id = await succeed(manager().docker, ["create", "busybox", "sh", "-c", script]);
    expect(await succeed(manager().docker, ["inspect", "--format", "{{.State.Status}}", id])).to.equal(
      "created",
    );
    const { code, stdout, stderr } = await manager().docker(["start", "-a", id]);
    expect({ code, stdout, stderr }).to.deep.equal({ code: 3, stdout: "to-out\n", stderr: "to-err\n" });
  });

  it("create and `start -ai` read standard input", async () => {
    const id = await succeed(manager().docker, ["create", "-i", "busybox", "sort"]);
    expect(await succeed(manager().docker, ["start", "-ai", id], { input: "b\nc\na\n" })).to.equal("a\nb\nc");
  });

  describe("-i", () => {
    for (const name of ["node-1", "node-3"]) {
      const on = ["run", "--rm", "-i", "-e", `constraint:node==${name}`, "busybox"];

      it(`${name}: ends when its input ends`, async () => {
        expect(await succeed(manager().docker, [...on, "cat"], { input: "x\n" })).to.equal("x");
      });

      it(`${name}: answers only after its input has ended`, async () => {
        expect(await succeed(manager().docker, [...on, "sort"], { input: "b\nc\na\n" })).to.equal("a\nb\nc");
      });

      it(`${name}: 4 MB come back as they went`, async () => {
        const text = randomBytes(2 ** 21).toString("hex");
        const output = await succeed(manager().docker, [...on, "cat"], { input: text });
        expect(sha256(output)).to.equal(sha256(text));
      });
    }
  });

  describe("-it", () => {
    it("is a shell at a terminal of the right size, and ends with its exit code", async () => {
      await using session = Session.startAtTerminal(manager().url, ["run", "--rm", "-it", "busybox", "sh"]);
      await session.until("# ");
      session.write("tty\n");
      await session.until("/dev/pts/0");
      const size = `${String(terminalSize.rows)} ${String(terminalSize.columns)}`;
      session.write(`until [ "$(stty size)" = "${size}" ]; do sleep 0.1; done; echo si""zed\n`);
      await session.until("sized");
      session.write("exit 7\n");
      expect(await session.exitCode()).to.equal(7);
    });

    it("Ctrl-C reaches the container", async () => {
      const script = "trap 'echo in''terrupted; exit 9' INT; echo re''ady; while :; do sleep 0.1; done";
      await using session = Session.startAtTerminal(manager().url, [
        ...["run", "--rm", "-it", "busybox"],
        ...["sh", "-c", script],
      ]);
      await session.until("ready");
      session.write("\x03");
      await session.until("interrupted");
      expect(await session.exitCode()).to.equal(9);
    });

    // Over TCP the client itself hangs when it detaches, whatever it talks to.
    it("the detach keys leave it running", async () => {
      const run = ["run", "-it", "--detach-keys", "ctrl-x", "--name", "kept", "busybox", "sh"];
      await using session = Session.startAtTerminal(`unix://${socket}`, run);
      await session.until("# ");
      session.write("\x18");
      expect(await session.exitCode()).to.equal(0);
      expect(await succeed(manager().docker, ["ps", "--format", "{{.Names}}"])).to.match(
        /^node-[123]\/kept$/,
      );
    });
  });
});

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
