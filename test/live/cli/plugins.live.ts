import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { LabRegistry } from "../../lab/registry.ts";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { refused } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

/** A volume driver in a few lines, run by this machine's own node. */
const DRIVER = `
const volumes = new Map();
const answers = {
  "/Plugin.Activate": () => ({ Implements: ["VolumeDriver"] }),
  "/VolumeDriver.Capabilities": () => ({ Capabilities: { Scope: "local" } }),
  "/VolumeDriver.Create": ({ Name }) => (volumes.set(Name, { Name, Mountpoint: "/x" }), { Err: "" }),
  "/VolumeDriver.Get": ({ Name }) => (volumes.has(Name) ? { Volume: volumes.get(Name), Err: "" } : { Err: "no such volume" }),
  "/VolumeDriver.List": () => ({ Volumes: [...volumes.values()], Err: "" }),
  "/VolumeDriver.Remove": ({ Name }) => (volumes.delete(Name), { Err: "" }),
};
process.on("SIGTERM", () => process.exit());
require("node:http").createServer((req, res) => {
  let body = "";
  req.on("data", (text) => (body += text));
  req.on("end", () => res.end(JSON.stringify((answers[req.url] ?? (() => ({ Err: "?" })))(JSON.parse(body || "{}")))));
}).listen("/run/docker/plugins/driver.sock");
`;

/** The folder `docker plugin create` takes. */
async function pluginFolder(entrypoint: readonly string[]): Promise<string> {
  const folder = await mkdtemp(path.join(lab().folder, "plugin-"));
  const mountPoints = ["/usr", "/lib", "/lib64", "/etc", path.dirname(process.execPath)];
  for (const point of ["/run/docker/plugins", ...mountPoints])
    await mkdir(path.join(folder, "rootfs", point), { recursive: true });
  await writeFile(path.join(folder, "rootfs/driver.js"), DRIVER);
  const config = {
    description: "a driver of the tests",
    documentation: "none",
    entrypoint,
    env: [{ name: "DEBUG", description: "says more", value: "0", settable: ["value"] }],
    interface: { types: ["docker.volumedriver/1.0"], socket: "driver.sock" },
    linux: { capabilities: [] },
    network: { type: "host" },
    mounts: [...new Set(mountPoints)].map((point, n) => ({
      ...{ name: `mount-${n}`, description: "", source: point, destination: point },
      ...{ type: "bind", options: ["rbind", "ro"] },
    })),
  };
  await writeFile(path.join(folder, "config.json"), JSON.stringify(config));
  return folder;
}

describe("docker plugin", () => {
  const manager = useManager();
  const nodes = ["node-1", "node-2", "node-3"];
  const docker = (...args: string[]) => succeed(manager().docker, args);
  const on = (node: string, ...args: string[]) => succeed((all) => lab().engine(node).docker(all), args);
  const listed = async () => (await docker("plugin", "ls", "--format", "{{.Name}} {{.Enabled}}")).split("\n");
  let folder: string;
  let lame: string;
  before(async () => {
    folder = await pluginFolder([process.execPath, "/driver.js"]);
    lame = await pluginFolder(["/no/such/program"]);
  });
  afterEach(async () => {
    for (const node of nodes)
      await lab().engine(node).docker(["plugin", "rm", "-f", "lab/driver", "lab/lame"]);
  });

  it("ls is empty where there are none", async () => {
    expect(await docker("plugin", "ls", "-q")).to.equal("");
  });

  it("create, ls, inspect, set, enable, disable and rm work on every node alike", async () => {
    await docker("plugin", "create", "lab/driver", folder);
    for (const node of nodes) {
      const own = await on(node, "plugin", "ls", "--format", "{{.Name}} {{.Enabled}}");
      expect(own, node).to.equal("lab/driver:latest false");
    }
    expect(await listed()).to.deep.equal(Array(3).fill("lab/driver:latest false"));
    expect(await docker("plugin", "inspect", "--format", "{{.Name}}", "lab/driver")).to.equal(
      "lab/driver:latest",
    );
    expect(await docker("inspect", "--format", "{{.Node.Name}}", "lab/driver")).to.equal("node-1");

    await docker("plugin", "set", "lab/driver", "DEBUG=1");
    await docker("plugin", "enable", "--timeout", "20", "lab/driver");
    expect(await listed()).to.deep.equal(Array(3).fill("lab/driver:latest true"));
    for (const node of nodes) {
      const settings = ["plugin", "inspect", "--format", "{{.Settings.Env}}", "lab/driver"];
      expect(await on(node, ...settings)).to.equal("[DEBUG=1]");
      await on(node, "volume", "create", "-d", "lab/driver", "data");
      await on(node, "volume", "rm", "data");
    }
    expect((await refused(manager().docker, ["plugin", "rm", "lab/driver"])).join("\n")).to.match(
      /node-1: plugin lab\/driver:latest is enabled/,
    );
    await docker("plugin", "disable", "lab/driver");
    expect(await listed()).to.deep.equal(Array(3).fill("lab/driver:latest false"));
    await docker("plugin", "rm", "lab/driver");
    for (const node of nodes) expect(await on(node, "plugin", "ls", "-q"), node).to.equal("");
  });

  it("does what it can where one node lacks the plugin, and says which node fails", async () => {
    await docker("plugin", "create", "lab/driver", folder);
    await docker("plugin", "rm", "node-1/lab/driver");
    expect(await docker("inspect", "--format", "{{.Node.Name}}", "lab/driver")).to.equal("node-2");
    const again = await refused(manager().docker, ["plugin", "create", "lab/driver", folder]);
    expect([...again].sort()).to.deep.equal([
      "node-2: plugin lab/driver:latest already exists",
      "node-3: plugin lab/driver:latest already exists",
    ]);
    expect(await listed()).to.have.length(3);
  });

  it("push, install and upgrade go through a registry", async () => {
    await using registry = await LabRegistry.start(lab());
    const name = `${registry.address}/driver:1`;
    try {
      await docker("plugin", "create", name, folder);
      await docker("plugin", "push", name);
      await docker("plugin", "rm", name);
      const said = await docker(
        "plugin",
        "install",
        "--grant-all-permissions",
        "--alias",
        "lab/driver",
        name,
      );
      expect(said).to.match(/Installed plugin .*driver:1/);
      expect(await listed()).to.deep.equal(Array(3).fill("lab/driver:latest true"));
      await docker("plugin", "disable", "lab/driver");
      await docker("plugin", "upgrade", "--grant-all-permissions", "--skip-remote-check", "lab/driver", name);
      await docker("plugin", "rm", "lab/driver");

      const missing = await refused(manager().docker, [
        ...["plugin", "install", "--grant-all-permissions", `${registry.address}/missing`],
      ]);
      expect(missing.join("\n")).to.match(/missing.* not found|manifest unknown|does not exist/);
    } finally {
      for (const node of nodes) await lab().engine(node).docker(["plugin", "rm", "-f", name]);
    }
  });

  it("names every node on which a plugin does not start", async () => {
    await docker("plugin", "create", "lab/lame", lame);
    const lines = await refused(manager().docker, ["plugin", "enable", "--timeout", "5", "lab/lame"]);
    for (const node of nodes) expect(lines.join("\n")).to.match(new RegExp(`^${node}: .`, "m"));
    expect(await listed()).to.deep.equal(Array(3).fill("lab/lame:latest false"));
  });

  it("knows no plugin that nobody has", async () => {
    for (const command of [["enable"], ["disable"], ["rm"], ["inspect"], ["set"]])
      expect(
        (
          await refused(manager().docker, [
            "plugin",
            ...command,
            "lab/none",
            ...(command[0] === "set" ? ["A=1"] : []),
          ])
        ).join("\n"),
        command[0],
      ).to.include('plugin "lab/none" not found');
    expect((await refused(manager().docker, ["inspect", "nothing"])).join("\n")).to.match(
      /no such object: nothing/i,
    );
  });
});
