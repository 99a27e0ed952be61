import { expect } from "chai";
import { builderOf, type BuilderState } from "../../bench/fleet/build-routes.ts";
import type { SimulatedEngine } from "../../bench/fleet/index.ts";
import {
  rawConnection,
  request,
  silence,
  startManager,
  until,
  type Answer,
  type TestManager,
} from "./support.ts";

describe("api/build", () => {
  let manager: TestManager;
  beforeEach(async () => {
    manager = await startManager();
  });
  afterEach(() => manager[Symbol.asyncDispose]());

  const build = (query: Record<string, string>, context = "FROM busybox\n", headers = {}): Promise<Answer> =>
    manager.ask("POST", `/v1.41/build?${new URLSearchParams(query).toString()}`, { body: context, headers });
  const args = (buildargs: object): Record<string, string> => ({ buildargs: JSON.stringify(buildargs) });
  const on = (node: string) => args({ "constraint:node": `=${node}` });
  const lines = ({ text }: Answer) =>
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as object);
  const engine = (name: string): SimulatedEngine => manager.engines.find((each) => each.name === name)!;
  const builder = (name: string): BuilderState => builderOf(engine(name).state);
  /** The query of the newest build the engine was asked for. */
  const sent = (name: string): URLSearchParams => {
    const found = engine(name).requests.findLast(({ route }) => route === "POST /build");
    return new URL(`http://x${found?.url ?? ""}`).searchParams;
  };
  const builtOn = () =>
    manager.engines.filter((each) => each.count("POST /build") > 0).map(({ name }) => name);
  const failure = (text: string) => ({ error: text, errorDetail: { code: 1, message: text } });

  it("puts the node's name into every message, and ends with it", async () => {
    const answer = await build({ t: "app", ...on("node-2") });
    expect(answer.status).to.equal(200);
    expect(answer.headers["content-type"]).to.equal("application/json");
    const [first, aux, ...rest] = lines(answer);
    expect(first).to.deep.equal({ stream: "Step 1/1 : FROM busybox\n", id: "node-2" });
    expect(aux).to.have.nested.property("aux.ID");
    expect(rest.map((line) => (line as { id: string }).id)).to.deep.equal(["node-2", "node-2", "node-2"]);
    expect(rest.at(-1)).to.deep.equal({ id: "node-2" });
    expect(answer.text.endsWith('{"id":"node-2"}\n')).to.equal(true);
  });

  it("answers with the bare result when that is all that is wanted", async () => {
    const found = lines(await build({ q: "1", ...on("node-2") })) as { stream: string }[];
    expect(found).to.have.length(1);
    expect(found[0]!.stream).to.match(/^sha256:[0-9a-f]{64}\n$/);
    expect(lines(await build({ q: "1", ...on("node-2") }, "RUN false\n"))).to.deep.equal([
      failure("Failed to build image: The command '/bin/sh -c false' returned a non-zero code: 1"),
    ]);
  });

  it("knows the image before the client has its answer", async () => {
    silence(engine("node-3"));
    await build({ t: "app", ...on("node-3") });
    expect((await manager.ask("GET", "/images/json")).text).to.include('"app:latest"');
  });

  // prettier-ignore
  const choices = [
    { it: "a constraint",             args: { "constraint:node": "=node-2" },    nodes: ["node-2"] },
    { it: "a constraint with !=",     args: { "constraint:node!": "node-2" },    nodes: ["node-1", "node-3"] },
    { it: "an affinity to an image",  args: { "affinity:image": "=only" },       nodes: ["node-3"] },
    { it: "a whitelist",              args: { "whitelist:node": "=node-2" },     nodes: ["node-2"] },
  ];
  for (const { it: what, args: given, nodes } of choices) {
    it(`goes where ${what} in its arguments sends it, which the engine does not see`, async () => {
      await build({ t: "only", ...on("node-3") });
      engine("node-3").counters.clear();
      const answer = await build(args({ ...given, VERSION: "1", FROM_ENV: null }));
      expect(answer.status, answer.text).to.equal(200);
      const [node] = builtOn();
      expect(nodes).to.include(node);
      expect(JSON.parse(sent(node!).get("buildargs") ?? "")).to.deep.equal({ VERSION: "1", FROM_ENV: null });
    });
  }

  it("refuses what fits no node before anything is streamed", async () => {
    const answer = await build(on("node-9"));
    expect(answer.status).to.equal(500);
    expect(answer.message).to.match(
      /^Unable to find a node that satisfies the following conditions \n.*\n\[node==node-9\]/,
    );
    for (const query of [{ memory: String(64 * 1024 ** 3) }, { cpushares: "40" }]) {
      const refused = await build(query);
      expect([refused.status, refused.message.split("\n")[0]]).to.deep.equal([
        500,
        "no resources available to schedule container",
      ]);
    }
    expect(builtOn()).to.deep.equal([]);
  });

  it("passes on every parameter, known or not, and the registry's credentials", async () => {
    const query = {
      t: "a",
      extrahosts: "x:1.2.3.4",
      securityopt: '["a"]',
      odd: "ö &+",
      cpushares: "2",
      memory: "7",
    };
    const answer = await build({ ...query, ...on("node-1") }, "FROM busybox\n", {
      "X-Registry-Config": "e30=",
      "Content-Type": "application/x-tar",
    });
    expect(answer.status, answer.text).to.equal(200);
    expect(Object.fromEntries(sent("node-1"))).to.deep.equal({ ...query, buildargs: "{}" });
    const { headers } = engine("node-1").requests.findLast(({ route }) => route === "POST /build")!;
    expect(headers).to.include({ "x-registry-config": "e30=", "content-type": "application/x-tar" });
  });

  it("ignores JSON it cannot read, as always", async () => {
    const broken = { buildargs: "{", labels: "[1]", ulimits: "nope", cachefrom: '{"a":1}' };
    expect((await build({ ...broken, t: "a" })).status).to.equal(200);
    expect(Object.fromEntries(sent(builtOn()[0]!))).to.deep.equal({ t: "a" });
  });

  it("keeps arguments and labels without a value, as engines do", async () => {
    const given = { buildargs: '{"A":null,"__proto__":"b"}', labels: '{"a":null,"b":"c"}' };
    expect((await build({ ...given, t: "a" })).status).to.equal(200);
    expect(Object.fromEntries(sent(builtOn()[0]!))).to.deep.equal({ ...given, t: "a" });
  });

  // prettier-ignore
  const refusals = [
    { it: "a version nobody has",  query: { version: "3" },   status: 500, text: "invalid version 3" },
    { it: "malformed outputs",     query: { outputs: "{" },   status: 500, text: "unexpected end of JSON input" },
  ];
  for (const { it: what, query, status, text } of refusals) {
    it(`refuses ${what}`, async () => {
      const answer = await build(query);
      expect([answer.status, answer.message]).to.deep.equal([status, text]);
    });
  }

  it("keeps the engine's refusal as it is", async () => {
    const answer = await build(on("node-1"), "");
    expect([answer.status, answer.message]).to.deep.equal([
      400,
      "the Dockerfile (Dockerfile) cannot be empty",
    ]);
  });

  it("builds without a context", async () => {
    const answer = await build({ remote: "https://example.com/repo.git", ...on("node-1") }, "");
    expect(lines(answer).at(-1)).to.deep.equal({ id: "node-1" });
    expect(sent("node-1").get("remote")).to.equal("https://example.com/repo.git");
  });

  it("ends a build that fails with the reason", async () => {
    const answer = await build(on("node-2"), "FROM busybox\nRUN false\n");
    expect(answer.status).to.equal(200);
    expect(lines(answer).slice(2)).to.deep.equal([
      { id: "node-2" },
      failure("Failed to build image: The command '/bin/sh -c false' returned a non-zero code: 1"),
    ]);
  });

  it("says what helps when the image is for another operating system", async () => {
    const text = 'image operating system "windows" cannot be used on this platform';
    expect(lines(await build(on("node-2"), "FROM windows\n")).slice(1)).to.deep.equal([
      {
        id: "node-2",
        status: `Could not build image: ${text}. Consider using --build-arg 'constraint:ostype==windows'`,
      },
      { id: "node-2" },
      failure(`Failed to build image: ${text}`),
    ]);
  });

  it("keeps lines longer than 64 KiB", async () => {
    const step = `RUN echo ${"x".repeat(300_000)}`;
    const [, second] = lines(await build(on("node-2"), `FROM busybox\n${step}\n`)) as { stream: string }[];
    expect(second!.stream).to.equal(`Step 2/2 : ${step}\n`);
  });

  it("streams the context, however long it is", async () => {
    const connection = await rawConnection(manager.port);
    const query = new URLSearchParams(on("node-1")).toString();
    connection.socket.write(
      `POST /build?${query} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nFROM \r\n`,
    );
    await until(
      () => engine("node-1").count("POST /build") === 1,
      "the engine is asked before the whole context is there",
    );
    connection.socket.write("8\r\nbusybox\n\r\n0\r\n\r\n");
    await connection.sees('{"id":"node-1"}\n');
    expect(builder("node-1").contexts.map(String)).to.deep.equal(["FROM busybox\n"]);
    connection.socket.destroy();
  });

  for (const version of ["1", "2"]) {
    it(`cancels the engine's build when the client leaves (version ${version})`, async () => {
      const connection = await rawConnection(manager.port);
      const query = new URLSearchParams({ ...on("node-1"), version }).toString();
      connection.socket.write(
        `POST /build?${query} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nRUN sleep\n`,
      );
      await until(() => builder("node-1").sleeping.size === 1, "the build runs");
      connection.socket.destroy();
      await until(() => builder("node-1").cancelled === 1, "the build is cancelled");
      await until(() => manager.connections() === 0, "the manager lets go of the client");
    });

    it(`ends with the node's name when the engine dies (version ${version})`, async () => {
      const asked = build({ ...on("node-1"), version }, "RUN sleep\n");
      await until(() => builder("node-1").sleeping.size === 1, "the build runs");
      await engine("node-1").hangUp();
      const answer = await asked;
      expect(answer.status).to.equal(200);
      const last = lines(answer).at(-1) as { error: string };
      expect(last.error).to.match(
        /^Failed to build image: node-1: Cannot connect to the Docker daemon at tcp:/,
      );
      expect(last).to.deep.equal(failure(last.error));
    });
  }

  it("names the node that cannot be reached", async () => {
    await engine("node-1").hangUp();
    const answer = await build(on("node-1"));
    expect(answer.status).to.equal(500);
    expect(answer.message).to.match(/^node-1: Cannot connect/);
  });

  it("leaves the client's connection usable when the engine has not read the context", async () => {
    const connection = await rawConnection(manager.port);
    const query = new URLSearchParams(on("node-1")).toString();
    connection.socket.write(`POST /build?${query} HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\nFROM`);
    await until(() => engine("node-1").count("POST /build") === 1, "the engine is asked");
    await engine("node-1").hangUp();
    await connection.sees("Cannot connect to the Docker daemon");
    connection.socket.write("x".repeat(200_000 - "FROM".length));
    connection.socket.write("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
    await connection.sees("\r\n\r\nOK");
    connection.socket.destroy();
  });

  it("prunes the caches of every node and sums up", async () => {
    builder("node-1").caches = ["a", "b"];
    builder("node-3").caches = ["c"];
    const answer = await manager.ask("POST", "/build/prune?all=1&keep-storage=5");
    const { CachesDeleted, SpaceReclaimed } = answer.json() as {
      CachesDeleted: string[];
      SpaceReclaimed: number;
    };
    expect([CachesDeleted.sort(), SpaceReclaimed]).to.deep.equal([["a", "b", "c"], 30]);
    expect((await manager.ask("POST", "/build/prune")).fields()).to.deep.equal({
      CachesDeleted: null,
      SpaceReclaimed: 0,
    });
    const { url } = engine("node-2").requests.find(({ route }) => route === "POST /build/prune")!;
    expect(new URL(`http://x${url}`).search).to.equal("?all=1&keep-storage=5");
  });

  describe("with swarm.buildernode", () => {
    const start = async (builderNode: string) => {
      await manager[Symbol.asyncDispose]();
      manager = await startManager({ cluster: { builderNode } });
    };
    // prettier-ignore
    const settings = [
      { it: "a node's name",                  builderNode: "node-3",           args: {},                               node: "node-3" },
      { it: "a constraint",                   builderNode: "node==node-2",     args: {},                               node: "node-2" },
      { it: "but not what names its own",     builderNode: "node-3",           args: { "constraint:node": "=node-1" }, node: "node-1" },
    ];
    for (const { it: what, builderNode, args: given, node } of settings) {
      it(`sends builds there: ${what}`, async () => {
        await start(builderNode);
        expect((await build(args(given))).status).to.equal(200);
        expect(builtOn()).to.deep.equal([node]);
      });
    }

    it("refuses builds when there is no such node", async () => {
      await start("node-9");
      const answer = await build({});
      expect([answer.status, answer.message]).to.deep.equal([500, "no node is called node-9"]);
    });
  });

  describe("of BuildKit, as old clients ask for it", () => {
    const kit = (query: Record<string, string>, context?: string) =>
      build({ version: "2", ...query }, context);

    it("passes the output on as it is", async () => {
      const answer = await kit({ t: "app", ...on("node-2") });
      const direct = await request(Number(engine("node-2").addr.split(":")[1]), "POST", "/build?version=2", {
        body: "FROM busybox\n",
      });
      const hideId = ({ text }: Answer) => text.replace(/[0-9a-f]{64}/, "ID");
      expect(hideId(answer)).to.equal(hideId(direct));
      expect((await manager.ask("GET", "/images/json")).text).to.include('"app:latest"');
    });

    it("starts a build ID once", async () => {
      expect((await kit({ buildid: "b1" })).status).to.equal(200);
      const again = await kit({ buildid: "b1" });
      expect([again.status, again.message]).to.deep.equal([500, "build already started"]);
    });

    it("brings a context to the build it is for", async () => {
      const waiting = kit({ buildid: "upload-request:b2" }, "the context");
      await kit({ buildid: "b2", ...on("node-3") }, "FROM busybox\n");
      expect((await waiting).status).to.equal(200);
      expect(builder("node-3").contexts.map(String).sort()).to.deep.equal(["FROM busybox\n", "the context"]);
    });

    it("cancels where the build is", async () => {
      const asked = kit({ buildid: "b3", ...on("node-2") }, "RUN sleep\n");
      await until(() => builder("node-2").sleeping.size === 1, "the build runs");
      const answer = await manager.ask("POST", "/build/cancel?id=b3");
      expect([answer.status, answer.text]).to.deep.equal([200, ""]);
      await asked;
      expect(builder("node-2").cancelled).to.equal(1);
      expect(manager.engines.map((each) => each.count("POST /build/cancel"))).to.deep.equal([0, 1, 0]);
    });

    it("waits for the build that is to be cancelled", async () => {
      const cancelled = manager.ask("POST", "/build/cancel?id=b4");
      const asked = kit({ buildid: "b4", ...on("node-2") }, "FROM busybox\n");
      expect((await cancelled).status).to.equal(200);
      await asked;
    });

    it("wants to know which build to cancel", async () => {
      const answer = await manager.ask("POST", "/build/cancel");
      expect([answer.status, answer.message]).to.deep.equal([400, "build ID not provided"]);
    });
  });
});
