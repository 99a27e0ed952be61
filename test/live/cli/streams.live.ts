import { createHash, randomBytes } from "node:crypto";
import { createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { WebSocket } from "ws";
import { must, run } from "../../lab/command.ts";
import { dockerEnvironment } from "../../lab/docker-cli.ts";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { running } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

// On the oldest and the newest engine.
for (const node of ["node-1", "node-3"]) {
  describe(`streams of a container on ${node}`, () => {
    const manager = useManager();
    const pin = ["-e", `constraint:node==${node}`];
    const ask = async (...args: string[]) => await succeed(manager().docker, args);
    const sha256In = async (file: string) => (await ask("exec", "box", "sha256sum", file)).split(" ")[0];
    let folder: string;
    before(() => (folder = mkdtempSync(path.join(tmpdir(), "swarm-live-"))));
    after(() => rmSync(folder, { recursive: true }));

    it("a 100 MB archive goes up, asking first whether it may, and comes down unharmed", async () => {
      await running(manager().docker, "--name", "box", ...pin);
      const big = path.join(folder, "big");
      const tar = path.join(folder, "big.tar");
      const back = path.join(folder, "back.tar");
      const sum = await writeRandom(big, 100);
      await must("tar", ["-C", folder, "-cf", tar, "big"]);
      const archive = `${manager().http}/containers/box/archive?path=/tmp`;
      const upload = await must("curl", [
        ...["-sS", "--noproxy", "*", "-v", "-o", "-", "-w", "%{http_code}", "-T", tar],
        ...["-H", "Content-Type: application/x-tar", "-H", "Expect: 100-continue", archive, "--stderr", "-"],
      ]);
      expect(upload).to.match(/< HTTP\/1\.1 100 Continue/);
      expect(upload).to.match(/200$/);
      expect(await sha256In("/tmp/big")).to.equal(sum);
      await must("curl", ["-sS", "--noproxy", "*", "-o", back, `${archive}/big`]);
      expect(statSync(back).size).to.be.greaterThan(100 * 2 ** 20);
      expect((await must("sh", ["-c", `tar -xOf ${back} | sha256sum`])).split(" ")[0]).to.equal(sum);
    });

    it("50 MB go through exec -i and back", async () => {
      await running(manager().docker, "--name", "box", ...pin);
      const big = path.join(folder, "exec");
      const sum = await writeRandom(big, 50);
      const line = `docker -H "$1" exec -i box cat <"$2" | sha256sum`;
      const { stdout } = await run("sh", ["-c", line, "sh", manager().url, big], {
        env: dockerEnvironment(),
      });
      expect(stdout.split(" ")[0]).to.equal(sum);
    });

    it("an upload to a container nobody knows is refused in Docker's way", async () => {
      const file = path.join(folder, "refused");
      await writeRandom(file, 10);
      const answer = await must("curl", [
        ...["-sS", "--noproxy", "*", "-T", file, "-H", "Expect: 100-continue", "-w", " %{http_code}"],
        `${manager().http}/containers/nosuch/archive?path=/`,
      ]);
      expect(answer).to.equal('{"message":"No such container: nosuch"}\n 404');
    });

    it("the headers of wait come at once, its body when the container ends", async () => {
      const id = await ask("create", "-i", "--name", "box", ...pin, "busybox", "cat");
      const call = request(`${manager().http}/containers/${id}/wait?condition=next-exit`, {
        method: "POST",
      }).end();
      const [answer] = (await once(call, "response")) as [IncomingMessage];
      expect(answer.statusCode).to.equal(200);
      let body = "";
      const ended = once(answer, "end");
      answer.setEncoding("utf8").on("data", (text: string) => (body += text));
      await ask("start", "box");
      expect(body).to.equal("");
      await ask("kill", "box");
      await ended;
      expect(JSON.parse(body)).to.deep.include({ StatusCode: 137 });
    });

    it("both outputs arrive complete and in order, a thousand times in turn", async () => {
      const script = "i=0; while [ $i -lt 1000 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done";
      const result = await manager().docker(["run", "--rm", ...pin, "busybox", "sh", "-c", script]);
      const expected = (word: string) =>
        Array.from({ length: 1000 }, (_, i) => `${word} ${String(i)}\n`).join("");
      expect(result.stdout).to.equal(expected("out"));
      expect(result.stderr).to.equal(expected("err"));
    });

    it("attach over a websocket: type, read, end", async () => {
      await ask("run", "-dit", "--name", "box", ...pin, "busybox", "sh");
      const url = `${manager().http.replace("http", "ws")}/containers/box/attach/ws`;
      const socket = new WebSocket(`${url}?stream=1&stdin=1&stdout=1&stderr=1`, { origin: manager().http });
      let text = "";
      socket.on("message", (data: Buffer) => (text += data.toString()));
      const closed = once(socket, "close");
      await once(socket, "open");
      socket.send("echo we''b; exit 3\n");
      await eventually("the answer comes", () => text.includes("web"));
      await closed;
      expect(await ask("wait", "box")).to.equal("3");
    });
  });
}

/** Writes so many megabytes of noise and gives their checksum. */
async function writeRandom(file: string, megabytes: number): Promise<string> {
  const hash = createHash("sha256");
  const out = createWriteStream(file);
  for (let i = 0; i < megabytes; i++) {
    const chunk = randomBytes(2 ** 20);
    hash.update(chunk);
    if (!out.write(chunk)) await once(out, "drain");
  }
  out.end();
  await once(out, "close");
  return hash.digest("hex");
}
