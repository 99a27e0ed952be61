import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { writeProgram } from "../../../scripts/image/program.ts";

/** What bundling may break is only seen in the bundle. */
describe("scripts/image/program", function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "swarm-program-"));
    await writeProgram(folder, process.execPath);
  });
  after(async () => await rm(folder, { recursive: true, force: true }));

  const swarm = async (...words: readonly string[]) =>
    await promisify(execFile)(process.execPath, [path.join(folder, "main.js"), ...words], {
      timeout: 30_000,
    });

  it("tells its version", async () => {
    expect((await swarm("--version")).stdout).to.match(/^(main|swarm) version /);
  });

  it("speaks with a token service, whose client it loads when it is needed", async () => {
    const token = "0123456789abcdef0123456789abcdef";
    const server = createServer((_req, res) => res.end(token)).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expect((await swarm("create", "--service", `http://127.0.0.1:${port}`)).stdout).to.equal(`${token}\n`);
    } finally {
      server.close();
    }
  });

  // prettier-ignore
  const stores = [
    { uri: "consul://127.0.0.1:1", says: "connect ECONNREFUSED 127.0.0.1:1" },
    { uri: "etcd://127.0.0.1:1",   says: "client: etcd cluster is unavailable or misconfigured" },
    { uri: "zk://127.0.0.1:1",     says: "zk: could not connect to a server" },
  ];
  for (const c of stores) {
    it(`has what ${c.uri} takes`, async () => {
      const failure = await swarm("list", c.uri).then(
        () => ({ stderr: "no failure" }),
        (error: unknown) => error as { readonly stderr: string },
      );
      expect(failure.stderr).to.include(c.says);
    });
  }
});
