import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import {
  defaultDirectory,
  openState,
  type ManagerState,
  type StateSettings,
} from "../../src/cli/open-state.ts";
import { swarm } from "./fake-world.ts";

const uri = "nodes://10.0.0.[1:3]:2375";

describe("cli/open-state", () => {
  let home: string;
  let opened: ManagerState[];
  beforeEach(() => {
    home = mkdtempSync(path.join(tmpdir(), "swarm-home-"));
    opened = [];
  });
  afterEach(async () => {
    for (const { store } of opened) await store.close();
    rmSync(home, { recursive: true, force: true });
  });
  const open = async (settings: Partial<StateSettings> = {}): Promise<ManagerState> => {
    const given = { uri, discoveryOptions: {}, env: { HOME: home }, patienceMs: 50 };
    const state = await openState({ ...given, ...settings });
    opened.push(state);
    return state;
  };
  const about = ({ store, shared, keeps, warnings }: ManagerState) => ({
    in: store.name.replace(home, "~"),
    shared,
    keeps,
    warnings: warnings.map((text) => text.replaceAll(home, "~").replace(/process \d+/, "process N")),
  });
  const kept = defaultDirectory("~", uri);

  it("keeps state in a folder of the cluster's own in the user's home", async () => {
    expect(about(await open())).to.deep.equal({
      in: `file://${kept}`,
      shared: false,
      keeps: true,
      warnings: [],
    });
    expect(kept).to.match(/^~\/\.swarm\/[0-9a-f]{12}$/);
    expect(defaultDirectory("~", "nodes://other:1")).to.not.equal(kept);
  });

  it("keeps it where it is told, and makes the folder", async () => {
    const directory = path.join(home, "a", "b");
    expect(about(await open({ directory })).in).to.equal("file://~/a/b");
    expect(existsSync(path.join(directory, "entries"))).to.equal(true);
  });

  for (const directory of ["", "none"]) {
    it(`keeps nothing for ${JSON.stringify(directory)}, and says nothing`, async () => {
      expect(about(await open({ directory }))).to.deep.equal({
        in: "memory://",
        shared: false,
        keeps: true,
        warnings: [],
      });
      expect(readdirSync(home)).to.deep.equal([]);
    });
  }

  it("does without a home, with a warning", async () => {
    expect(about(await open({ env: {} }))).to.deep.equal({
      ...{ in: "memory://", shared: false, keeps: true },
      warnings: [
        "state is kept in memory only, since HOME is not set: give --state-dir a directory, or none to do without",
      ],
    });
  });

  it("moves no containers while another manager of this machine has the folder", async () => {
    await open();
    expect(about(await open())).to.deep.equal({
      ...{ in: "memory://", shared: false, keeps: false },
      warnings: [
        `state is kept in memory only, since ${kept} cannot be used: ${kept} is in use by process N: one program at a time; containers are not moved, which another manager of this machine may be doing; give --state-dir a directory, or none to do without`,
      ],
    });
  });

  it("moves no containers when the folder is there and cannot be used, whoever's it is", async () => {
    mkdirSync(path.join(home, ".swarm"));
    writeFileSync(kept.replace("~", home), "");
    const { keeps, warnings } = about(await open());
    expect(keeps).to.equal(false);
    expect(warnings.join()).to.match(
      /^state is kept in memory only, since .* cannot be used: (ENOTDIR|EEXIST)/,
    );
  });

  it("goes on in memory when the folder cannot be made, for then nobody has it", async () => {
    writeFileSync(path.join(home, ".swarm"), "");
    expect(about(await open())).to.deep.include({ in: "memory://", keeps: true });
    expect(about(await open()).warnings.join()).to.match(
      /cannot be used: ENOTDIR.*give --state-dir a directory/,
    );
  });

  it("does not start without a folder that was asked for", async () => {
    const file = path.join(home, "file");
    writeFileSync(file, "");
    const { code, logged } = await swarm(`manage --state-dir ${file} 127.0.0.1:1`, { env: { HOME: home } });
    expect(code).to.equal(1);
    expect(logged.join()).to.match(
      /^fatal --state-dir .*\/file cannot be used: (ENOTDIR|EEXIST).*\. It must be a directory this user can write, for this manager alone$/,
    );
  });

  it("sets a damaged file aside and says so, once", async () => {
    const first = await open();
    await first.store.put("docker/swarm/wanted/a", "x");
    await first.store.close();
    const file = path.join(kept.replace("~", home), "entries", "docker%2Fswarm%2Fwanted%2Fa.json");
    writeFileSync(file, '{"key":"docker/swarm/wan');
    const second = await open();
    const shown = file.replace(home, "~");
    expect(about(second)).to.deep.include({
      keeps: true,
      warnings: [`${shown} was damaged and is set aside as ${shown}.damaged: what it said is forgotten`],
    });
    await second.store.close();
    expect([about(await open()).warnings, existsSync(`${file}.damaged`)]).to.deep.equal([[], true]);
  });

  for (const scheme of ["consul", "etcd", "zk"]) {
    it(`shares the store of discovery, ${scheme}, and has no use for a folder`, async () => {
      const settings = { uri: `${scheme}://127.0.0.1:1/prefix` };
      expect(about(await open(settings))).to.deep.include({
        in: settings.uri,
        shared: true,
        keeps: true,
        warnings: [],
      });
      expect(about(await open({ ...settings, directory: home })).warnings).to.deep.equal([
        `--state-dir is not used: state is kept in ${scheme}, as discovery is`,
      ]);
      expect(readdirSync(home)).to.deep.equal([]);
    });
  }

  it("is told by flag or by environment, and its warnings come with the others", async () => {
    const env = { HOME: home, SWARM_STATE_DIR: path.join(home, "from-env") };
    const run = async (flags: string) =>
      (await swarm(`manage ${flags} 127.0.0.1:1`, { env })).logged.join("\n");
    expect(await run("")).to.not.include("state");
    expect(readdirSync(home)).to.deep.equal(["from-env"]);
    await run(`--state-dir ${home}/from-flag`);
    expect(readdirSync(home).sort()).to.deep.equal(["from-env", "from-flag"]);
    const kv = await swarm("manage consul://127.0.0.1:1", { env, app: { start: () => Promise.resolve() } });
    expect(kv.logged.join("\n")).to.include("warn --state-dir is not used: state is kept in consul");
  });
});
