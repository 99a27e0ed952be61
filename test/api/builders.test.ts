import { expect } from "chai";
import { builderOf } from "../../bench/fleet/build-routes.ts";
import {
  rawConnection,
  startManager,
  until,
  type Ask,
  type ManagerOptions,
  type RawConnection,
  type TestManager,
} from "./support.ts";

describe("api/builders: /grpc and /session", () => {
  let manager: TestManager;
  let open: RawConnection[] = [];
  const start = async (options: ManagerOptions = {}) => {
    manager = await startManager(options);
  };
  beforeEach(() => start());
  afterEach(async () => {
    for (const { socket } of open) socket.destroy();
    open = [];
    await manager[Symbol.asyncDispose]();
  });

  const H2C = "Connection: Upgrade\r\nUpgrade: h2c\r\n";
  /** Sends a request on a connection of its own. */
  const post = async (path: string, headers = ""): Promise<RawConnection> => {
    const connection = await rawConnection(manager.port);
    open.push(connection);
    connection.socket.write(`POST ${path} HTTP/1.1\r\nHost: \r\nContent-Length: 0\r\n${H2C}${headers}\r\n`);
    return connection;
  };
  const upgraded = async (connection: RawConnection): Promise<RawConnection> => {
    await connection.sees("HTTP/1.1 101 Switching Protocols\r\n");
    return connection;
  };
  const grpc = async (headers = "") => upgraded(await post("/grpc", headers));
  const session = (id: string, headers = "") =>
    post("/session", `X-Docker-Expose-Session-Uuid: ${id}\r\n${headers}`);
  const wish = (node: string) => `X-Swarm-Node: ${node}\r\n`;
  const builders = () => manager.engines.map(({ name, state }) => ({ name, ...builderOf(state) }));
  const grpcNodes = () => builders().flatMap(({ name, grpc: { size } }) => Array<string>(size).fill(name));
  const sessionNode = (id: string) => builders().find(({ sessions }) => sessions.has(id))?.name;
  const engine = (name: string) => manager.engines.find((each) => each.name === name)!;
  const build = (query: Record<string, string>, ask: Ask = {}) =>
    manager.ask("POST", `/v1.41/build?${new URLSearchParams({ version: "2", ...query }).toString()}`, {
      body: "FROM busybox\n",
      ...ask,
    });
  const on = (node: string) => ({ buildargs: JSON.stringify({ "constraint:node": `=${node}` }) });

  it("answers the upgrade as the engine does, and passes bytes both ways", async () => {
    const connection = await grpc();
    expect(connection.text()).to.include("Upgrade: h2c\r\n");
    connection.socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    await connection.sees("\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    const asked = engine("node-1").requests.find(({ route }) => route === "POST /grpc")!;
    expect([asked.url, asked.headers.upgrade]).to.deep.equal(["/v1.41/grpc", "h2c"]);
  });

  it("keeps all streams of a client on one node, while another fits better", async () => {
    await grpc();
    const [node] = grpcNodes();
    await Promise.all([1, 2, 3].map((n) => manager.create({ Env: [`constraint:node==${node!}`] }, `c${n}`)));
    await grpc();
    await upgraded(await session("s1"));
    expect(grpcNodes()).to.deep.equal([node, node]);
    expect(sessionNode("s1")).to.equal(node);
  });

  it("does so still after they are closed", async () => {
    (await grpc()).socket.destroy();
    await until(() => grpcNodes().length === 0, "the stream is closed");
    await manager.create({ Env: ["constraint:node==node-1"] });
    await grpc();
    expect(grpcNodes()).to.deep.equal(["node-1"]);
  });

  it("takes another node when the client's is paused, but not in the middle of a build", async () => {
    const node1 = { Availability: "pause" };
    const first = await grpc();
    await manager.ask("POST", "/cluster/nodes/node-1/update", { body: node1 });
    await grpc();
    expect(grpcNodes()).to.deep.equal(["node-1", "node-1"]);
    for (const { socket } of open) socket.destroy();
    await until(() => grpcNodes().length === 0, "the streams are closed");
    await grpc();
    expect(grpcNodes()).to.deep.equal(["node-2"]);
    expect(first.text()).to.include("101");
  });

  it("builds nothing on a node that is paused", async () => {
    await manager.ask("POST", "/cluster/nodes/node-1/update", { body: { Availability: "pause" } });
    const { status, message } = await build(on("node-1"));
    expect(status).to.equal(500);
    expect(message).to.match(/^No node that fits takes new containers: node-1 is paused/);
    const headers = { "X-Swarm-Node": "node-1" };
    expect((await build({}, { headers })).message).to.match(/node-1 is paused/);
    expect((await build({})).status).to.equal(200);
    expect(builders().map(({ contexts }) => contexts.length)).to.deep.equal([0, 1, 0]);
  });

  it("takes another node when the client's is down", async () => {
    await manager[Symbol.asyncDispose]();
    await start({ config: { engine: { refreshMinMs: 30_000, refreshMaxMs: 60_000, failureRetry: 1 } } });
    const first = await grpc();
    await engine("node-1").hangUp();
    await first.closed;
    await until(async () => (await manager.ask("GET", "/info")).text.includes("Unhealthy"));
    await grpc();
    expect(grpcNodes()).to.deep.equal(["node-2"]);
  });

  it("takes another node at once when the client's cannot be reached, unless it was named", async () => {
    await engine("node-1").hangUp();
    await grpc();
    expect(grpcNodes()).to.deep.equal(["node-2"]);
    const named = await post("/grpc", wish("node-1"));
    await named.closed;
    expect(named.text()).to.match(/^HTTP\/1\.1 500 .*Cannot reach node node-1 at /s);
  });

  it("looks at the node's images when the client's last stream ends", async () => {
    const [one, two] = [await grpc(), await grpc()];
    const lists = () => engine("node-1").count("GET /images/json");
    const before = lists();
    one.socket.destroy();
    await until(() => grpcNodes().length === 1);
    expect(lists()).to.equal(before);
    two.socket.destroy();
    await until(() => lists() === before + 1, "the images are read");
  });

  it("goes where a header sends it", async () => {
    await grpc(wish("node-3"));
    await grpc(wish("node==node-2"));
    await grpc();
    expect(grpcNodes()).to.deep.equal(["node-1", "node-2", "node-3"]);
  });

  it("goes where a header of the CLI's ping sent it, until one without takes that back", async () => {
    const ping = (headers: Record<string, string>) => manager.ask("HEAD", "/_ping", { headers });
    const cli = { "User-Agent": "Docker-Client/28.2.2 (linux)" };
    const next = async (): Promise<string | undefined> => {
      const { socket } = await grpc();
      const [node] = grpcNodes();
      socket.destroy();
      await until(() => grpcNodes().length === 0);
      return node;
    };
    await ping({ ...cli, "X-Swarm-Node": "node-3" });
    await ping({ "User-Agent": "Go-http-client/1.1" });
    expect(await next()).to.equal("node-3");
    await ping({ ...cli, "X-Swarm-Node": "node-2" });
    expect(await next()).to.equal("node-2");
    await ping(cli);
    expect(await next()).to.equal("node-1");
  });

  it("does not part what belongs together when a ping comes between", async () => {
    await grpc();
    await manager.ask("HEAD", "/_ping", { headers: { "X-Swarm-Node": "node-3" } });
    await grpc();
    expect(grpcNodes()).to.deep.equal(["node-1", "node-1"]);
  });

  it("goes to swarm.buildernode", async () => {
    await manager[Symbol.asyncDispose]();
    await start({ cluster: { builderNode: "node==node-3" } });
    await grpc();
    await grpc(wish("node-2"));
    expect(grpcNodes()).to.deep.equal(["node-2", "node-3"]);
  });

  // prettier-ignore
  const refusals = [
    { it: "a node nobody knows",   path: "/grpc",    headers: wish("node-9"),         status: 500, text: "no node is called node-9" },
    { it: "a constraint unmet",    path: "/grpc",    headers: wish("node==node-9"),   status: 500, text: "[node==node-9]" },
    { it: "a session without ID",  path: "/session", headers: "",                     status: 400, text: "no session ID provided" },
  ];
  for (const { it: what, path, headers, status, text } of refusals) {
    it(`refuses ${what} before the upgrade`, async () => {
      const connection = await post(path, headers);
      await connection.closed;
      expect(connection.text()).to.match(new RegExp(`^HTTP/1\\.1 ${status} `));
      const body = connection.text().split("\r\n\r\n")[1]!;
      expect((JSON.parse(body) as { message: string }).message).to.include(text);
    });
  }

  it("says so when there is no node", async () => {
    manager.setEngines([]);
    await until(async () => (await manager.ask("GET", "/info")).text.includes('["Nodes","0"]'));
    const connection = await post("/grpc");
    await connection.closed;
    expect(connection.text()).to.match(/^HTTP\/1\.1 500 .*"No (healthy )?nodes? available in the cluster"/s);
  });

  it("brings a session to the build that names it, whichever comes first", async () => {
    for (const [id, first] of [
      ["s1", "build"],
      ["s2", "session"],
    ] as const) {
      const query = { session: id, buildid: `b-${id}`, ...on("node-3") };
      const early = first === "session" ? session(id) : undefined;
      const answer = build(query);
      if (first === "build") {
        await until(
          () => engine("node-3").requests.some(({ url }) => url.includes("b-s1")),
          "the build begins",
        );
      }
      const connection = await upgraded(await (early ?? session(id)));
      expect(sessionNode(id), first).to.equal("node-3");
      expect((await answer).text, first).to.include("moby.image.id");
      connection.socket.destroy();
    }
  });

  it("keeps later builds of a session with it, and refuses those that must be elsewhere", async () => {
    const early = session("s1");
    await build({ session: "s1", buildid: "b1", ...on("node-3") });
    await upgraded(await early);
    expect((await build({ session: "s1", buildid: "b2" })).text).to.include("moby.image.id");
    expect(engine("node-3").count("POST /build")).to.equal(2);
    const elsewhere = await build({ session: "s1", buildid: "b3", ...on("node-1") });
    expect(elsewhere.status).to.equal(500);
    expect(elsewhere.message).to.include("[node==node-1 node==node-3]");
  });

  it("opens a session no build names on the client's node", async () => {
    await upgraded(await session("s1"));
    expect(sessionNode("s1")).to.equal("node-1");
    const elsewhere = await build({ session: "s1", buildid: "b1", ...on("node-2") });
    expect(elsewhere.message).to.include("[node==node-2 node==node-1]");
    expect((await build({ session: "s1", buildid: "b1" })).text).to.include("moby.image.id");
    expect(engine("node-1").count("POST /build")).to.equal(1);
  });

  it("does not wait for a build when the client speaks gRPC", async () => {
    await grpc();
    const begin = performance.now();
    await upgraded(await session("s1"));
    expect(performance.now() - begin).to.be.below(900); // it waits a second otherwise
  });

  it("opens no session for a client that left while it waited for a build", async () => {
    (await session("left")).socket.destroy();
    await until(() => manager.connections() === 0, "the manager lets go of the client");
    await until(() => builders().every(({ sessions }) => sessions.size === 0), "no engine has the session");
  }).timeout(5_000);

  it("ends the client's streams when the engine dies", async () => {
    const connections = [await grpc(), await upgraded(await session("s1"))];
    await engine("node-1").hangUp();
    await Promise.all(connections.map(({ closed }) => closed));
    for (const { socket } of connections) socket.destroy();
    await until(() => manager.connections() === 0, "the manager lets go of them");
  });

  it("says which engine is gone in the words of HTTP/2, unless it was in the middle of a frame", async () => {
    const emptyFrame = "\0".repeat(9);
    for (const [sent, told] of [
      [emptyFrame, true],
      [`${emptyFrame}\0\0\x05`, false],
    ] as const) {
      const connection = await grpc(wish("node-2"));
      connection.socket.write(sent);
      await connection.sees(`\r\n\r\n${sent}`); // the simulated engine says what it hears
      for (const stream of builderOf(engine("node-2").state).grpc) stream.destroy();
      await connection.closed;
      expect(connection.text().includes("node-2: the engine closed the connection")).to.equal(told);
    }
  });

  it("ends the engine's streams when the client leaves", async () => {
    const connections = [await grpc(), await upgraded(await session("s1"))];
    for (const { socket } of connections) socket.destroy();
    await until(
      () => grpcNodes().length === 0 && sessionNode("s1") === undefined,
      "the engine is rid of them",
    );
  });
});
