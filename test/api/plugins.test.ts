import { expect } from "chai";
import { PULLABLE_PLUGIN, pluginsOf, type SimPlugin } from "../../bench/fleet/plugin-routes.ts";
import { rawConnection, startManager, until, type TestManager } from "./support.ts";

interface Listed {
  readonly Id: string;
  readonly Name: string;
  readonly Enabled: boolean;
  readonly Node: { readonly Name: string };
}

describe("api/plugins", () => {
  let manager: TestManager;
  beforeEach(async () => {
    manager = await startManager();
  });
  afterEach(() => manager[Symbol.asyncDispose]());
  const ask: TestManager["ask"] = (method, path, given) => manager.ask(method, path, given);
  /** One engine's plugins. */
  const on = (node: number): ReadonlyMap<string, SimPlugin> => pluginsOf(manager.engines[node - 1]!.state);
  const nodes = [1, 2, 3] as const;

  const create = (name = "vol", archive = Buffer.from("a tar")) =>
    ask("POST", `/plugins/create?name=${name}`, {
      body: archive,
      headers: { "Content-Type": "application/x-tar" },
    });
  const list = async (query = ""): Promise<Listed[]> =>
    (await ask("GET", `/plugins${query}`)).json() as Listed[];

  describe("create", () => {
    it("gives every node the whole archive", async () => {
      const archive = Buffer.alloc(3_000_000, "x");
      expect(await create("vol", archive)).to.include({ status: 204, text: "" });
      expect(nodes.map((node) => on(node).get("vol:latest")?.bytes)).to.deep.equal([3e6, 3e6, 3e6]);
    });

    it("says which node refused, and goes on elsewhere", async () => {
      manager.engines[1]!.failNext("POST /plugins/create", 500, "no space left on device");
      const answer = await create();
      expect(answer).to.include({ status: 500, message: "node-2: no space left on device" });
      expect(nodes.map((node) => on(node).size)).to.deep.equal([1, 0, 1]);
    });

    it("does not wait with the archive for a node that refused it", async () => {
      manager.engines[1]!.failNext("POST /plugins/create", 403, "not here");
      const answer = await create("vol", Buffer.alloc(16 << 20));
      expect(answer).to.include({ status: 403, message: "node-2: not here" });
      expect(nodes.map((node) => on(node).get("vol:latest")?.bytes)).to.deep.equal([
        16 << 20,
        undefined,
        16 << 20,
      ]);
    });

    it("keeps the status engines agree on", async () => {
      await create();
      const answer = await create();
      expect(answer.status).to.equal(409);
      const lines = nodes.map((node) => `node-${node}: plugin "vol:latest" already exists`);
      expect(answer.message.split("\n")).to.have.members(lines);
    });

    it("makes nothing of an archive whose sender leaves", async () => {
      const { socket } = await rawConnection(manager.port);
      socket.write(
        "POST /plugins/create?name=vol HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na tar\r\n",
      );
      await until(() =>
        nodes.every((node) => manager.engines[node - 1]!.count("POST /plugins/create") === 1),
      );
      socket.destroy();
      await until(() => manager.connections() === 0);
      expect(nodes.map((node) => on(node).size)).to.deep.equal([0, 0, 0]);
      expect(await create()).to.include({ status: 204 });
    });
  });

  describe("list", () => {
    it("has the plugins of all nodes, each with its node", async () => {
      expect(await list()).to.deep.equal([]);
      await create();
      const listed = await list();
      expect(listed.map(({ Node }) => Node.Name)).to.deep.equal(["node-1", "node-2", "node-3"]);
      expect(new Set(listed.map(({ Id }) => Id)).size).to.equal(3);
      expect(listed[0]).to.include({ Name: "vol:latest", Enabled: false });
    });

    it("takes node= for itself and passes other filters on", async () => {
      await create();
      await ask("POST", "/plugins/node-2/vol/enable");
      const filtered = (filters: object) => list(`?filters=${encodeURIComponent(JSON.stringify(filters))}`);
      expect((await filtered({ node: ["node-3"] })).map(({ Node }) => Node.Name)).to.deep.equal(["node-3"]);
      expect((await filtered({ enabled: { true: true } })).map(({ Node }) => Node.Name)).to.deep.equal([
        "node-2",
      ]);
      const unknown = await ask("GET", `/plugins?filters=${encodeURIComponent('{"colour":["red"]}')}`);
      expect(unknown).to.include({ status: 400 });
      expect(unknown.message).to.include("node-1: ").and.to.include("colour");
    });

    it("shows what can be seen when a node fails, and warns", async () => {
      await create();
      manager.engines[0]!.failNext("GET /plugins", 500, "broken");
      const answer = await ask("GET", "/plugins");
      expect(answer.status).to.equal(200);
      expect(answer.json()).to.have.length(2);
      expect(answer.headers.warning).to.equal('299 swarm "node-1: broken"');
    });
  });

  describe("inspect", () => {
    it("answers from a node that has it, by name and by ID", async () => {
      await create();
      const [first] = await list();
      await ask("DELETE", "/plugins/node-1/vol");
      for (const reference of ["vol", "vol:latest", "node-2/vol"]) {
        const answer = await ask("GET", `/plugins/${reference}/json`);
        expect(answer.status, reference).to.equal(200);
        expect(answer.fields().Node).to.include({ Name: "node-2" });
      }
      expect(await ask("GET", `/plugins/${first!.Id}/json`)).to.include({ status: 404 });
    });

    it("is 404 in Docker's words when no node has it, which `docker inspect` relies on", async () => {
      const answer = await ask("GET", "/plugins/vieux/sshfs/json");
      expect(answer).to.include({ status: 404, message: 'plugin "vieux/sshfs" not found' });
    });

    it("is 404 too when a node cannot say, but another can", async () => {
      manager.engines[2]!.failNext("GET /plugins/*name/json", 500, "broken");
      expect(await ask("GET", "/plugins/nope/json")).to.include({ status: 404 });
    });

    it("is no 404 when no node can say", async () => {
      for (const engine of manager.engines) engine.failNext("GET /plugins/*name/json", 500, "broken");
      const answer = await ask("GET", "/plugins/nope/json");
      expect(answer.status).to.equal(500);
      expect(answer.message.split("\n")).to.have.members(nodes.map((node) => `node-${node}: broken`));
    });

    it("does not let a name lead elsewhere", async () => {
      const answer = await ask("GET", "/plugins/a%2F..%2F..%2Finfo%3F/json");
      expect(answer).to.include({ status: 400, message: "invalid reference format" });
      expect(manager.engines[0]!.count("GET /plugins/*name/json")).to.equal(0);
    });
  });

  describe("enable, disable, set and remove", () => {
    beforeEach(() => create());
    const enabled = () => nodes.map((node) => on(node).get("vol:latest")?.enabled);

    it("happen on every node", async () => {
      expect(await ask("POST", "/plugins/vol/enable?timeout=5")).to.include({ status: 200, text: "" });
      expect(enabled()).to.deep.equal([true, true, true]);
      expect(await ask("POST", "/plugins/vol/disable")).to.include({ status: 200 });
      expect(enabled()).to.deep.equal([false, false, false]);
      expect(await ask("POST", "/plugins/vol/set", { body: ["DEBUG=1"] })).to.include({ status: 204 });
      for (const node of nodes) expect(on(node).get("vol:latest")?.env).to.deep.equal(["DEBUG=1"]);
      expect(await ask("DELETE", "/plugins/vol?force=1")).to.include({ status: 200 });
      for (const node of nodes) expect(on(node).size).to.equal(0);
    });

    it("happen on one node, when it is named", async () => {
      await ask("POST", "/plugins/node-2/vol/enable");
      expect(enabled()).to.deep.equal([false, true, false]);
    });

    it("pass over nodes that do not have it", async () => {
      await ask("DELETE", "/plugins/node-1/vol");
      expect(await ask("POST", "/plugins/vol/enable")).to.include({ status: 200 });
      expect(enabled()).to.deep.equal([undefined, true, true]);
    });

    it("are 404 when no node has it", async () => {
      for (const [method, tail] of [
        ["POST", "/enable"],
        ["POST", "/disable"],
        ["DELETE", ""],
      ] as const) {
        const answer = await ask(method, `/plugins/nope${tail}`);
        expect(answer).to.include({ status: 404, message: 'plugin "nope" not found' });
      }
    });

    it("say which node failed, and can be done again", async () => {
      manager.engines[2]!.failNext("POST /plugins/*name/enable", 500, "dial unix plugin.sock: timeout");
      const failed = await ask("POST", "/plugins/vol/enable");
      expect(failed).to.include({ status: 500, message: "node-3: dial unix plugin.sock: timeout" });
      expect(enabled()).to.deep.equal([true, true, false]);
      expect(await ask("POST", "/plugins/vol/enable")).to.include({ status: 200 });
      expect(enabled()).to.deep.equal([true, true, true]);
    });

    it("keep the status engines agree on", async () => {
      await ask("POST", "/plugins/vol/enable");
      const answer = await ask("DELETE", "/plugins/vol");
      expect(answer.status).to.equal(409);
      expect(answer.message).to.match(/^node-1: plugin vol:latest is enabled/);
      expect(await ask("POST", "/plugins/vol/enable")).to.include({ status: 409 });
    });

    for (const body of ["", "{}", "[1]", "[", "null"]) {
      it(`refuse ${body === "" ? "no body" : body} as settings`, async () => {
        expect(await ask("POST", "/plugins/vol/set", { body })).to.include({ status: 400 });
      });
    }
  });

  describe("pull and upgrade", () => {
    const lines = (text: string) =>
      text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const privileges = [{ Name: "network", Value: ["host"] }];
    const pull = (remote = PULLABLE_PLUGIN, query = "") =>
      ask("POST", `/plugins/pull?remote=${encodeURIComponent(remote)}${query}`, { body: privileges });

    it("ask any node for the privileges", async () => {
      const answer = await ask("GET", `/plugins/privileges?remote=${PULLABLE_PLUGIN}`);
      expect(answer.json()).to.have.nested.property("[0].Name", "network");
    });

    it("happen on every node, with progress that names it", async () => {
      const answer = await pull();
      expect(answer.status).to.equal(200);
      expect(answer.headers["docker-plugin-name"]).to.equal(PULLABLE_PLUGIN);
      for (const node of nodes) {
        expect(on(node).has(PULLABLE_PLUGIN)).to.equal(true);
        expect(lines(answer.text).filter(({ id }) => id === `node-${node}`)).to.deep.equal([
          {
            status: `Pulling ${PULLABLE_PLUGIN}... : Downloading`,
            progressDetail: { current: 1, total: 2 },
            id: `node-${node}`,
          },
          { status: `Pulling ${PULLABLE_PLUGIN}... : Digest: sha256:1`, id: `node-${node}` },
          { status: `Pulling ${PULLABLE_PLUGIN}...`, id: `node-${node}` },
        ]);
      }
      const upgraded = await ask("POST", `/plugins/${PULLABLE_PLUGIN}/upgrade?remote=x`, {
        body: privileges,
      });
      expect(lines(upgraded.text)).to.have.length(6);
      expect(upgraded.text).to.include(`"Upgrading ${PULLABLE_PLUGIN}... : Upgraded"`);
    });

    // prettier-ignore
    const names = [
      { remote: PULLABLE_PLUGIN, query: "&name=ssh",      name: "ssh:latest" },
      { remote: PULLABLE_PLUGIN, query: "&name=me/ssh:2", name: "me/ssh:2" },
    ];
    for (const { remote, query, name } of names) {
      it(`tell the client that ${remote} with ${query} is called ${name}, which it enables next`, async () => {
        expect((await pull(remote, query)).headers["docker-plugin-name"]).to.equal(name);
        expect(on(1).has(name)).to.equal(true);
      });
    }

    it("keep the status when every node refuses before it begins", async () => {
      const answer = await pull("no/such");
      expect(answer.status).to.equal(404);
      expect(answer.message).to.include("node-2: no/such not found: manifest unknown");
    });

    it("upgrade where the plugin is, and are 404 when it is nowhere", async () => {
      const upgrade = () => ask("POST", `/plugins/${PULLABLE_PLUGIN}/upgrade?remote=x`, { body: privileges });
      expect(await upgrade()).to.include({ status: 404 });
      await pull();
      await ask("DELETE", `/plugins/node-2/${PULLABLE_PLUGIN}`);
      const answer = await upgrade();
      expect(answer.text).to.not.include("error").and.to.not.include("node-2");
      expect(lines(answer.text)).to.have.length(4);
    });

    it("end with an error that names the node when one fails", async () => {
      manager.engines[1]!.failNext("POST /plugins/pull", 500, "no space left on device");
      const answer = await pull();
      expect(answer.status).to.equal(200);
      expect(lines(answer.text)).to.deep.include({
        status: `Pulling ${PULLABLE_PLUGIN}... : no space left on device`,
        id: "node-2",
      });
      expect(lines(answer.text).at(-1)).to.deep.equal({
        error: "node-2: no space left on device",
        errorDetail: { code: 1, message: "node-2: no space left on device" },
      });
    });

    it("need to know what to pull", async () => {
      expect(await ask("POST", "/plugins/pull")).to.include({ status: 400 });
      for (const query of ["remote=a%0D%0AX:b", "remote=%E2%82%AC", "remote=a%00", "remote=a&name=b%0A"]) {
        const answer = await ask("POST", `/plugins/pull?${query}`, { body: privileges });
        expect(answer, query).to.include({ status: 400, message: "invalid reference format" });
      }
    });
  });

  it("pushes from one node that has it", async () => {
    await create();
    await ask("DELETE", "/plugins/node-1/vol");
    const answer = await ask("POST", "/plugins/vol/push");
    expect(answer).to.include({ status: 200 });
    expect(answer.text).to.include("Pushed vol:latest");
    const pushes = manager.engines.map((engine) => engine.count("POST /plugins/*name/push"));
    expect(pushes).to.deep.equal([0, 1, 0]);
  });
});

describe("api/plugins without a healthy node", () => {
  it("say so", async () => {
    await using manager = await startManager({ engines: [] });
    for (const [method, path] of [
      ["GET", "/plugins"],
      ["GET", "/plugins/x/json"],
      ["POST", "/plugins/pull?remote=x"],
      ["POST", "/plugins/create?name=x"],
    ] as const) {
      const answer = await manager.ask(method, path);
      expect(answer).to.include({ status: 500, message: "no node available in the cluster" });
    }
  });
});
