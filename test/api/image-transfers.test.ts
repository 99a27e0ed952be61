import { request as httpRequest } from "node:http";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { holdPulls } from "../../bench/fleet/transfer-routes.ts";
import { packTar } from "../../bench/fleet/files.ts";
import type { SimulatedEngine } from "../../bench/fleet/index.ts";
import {
  rawConnection,
  silence,
  startManager,
  until,
  type ManagerOptions,
  type TestManager,
} from "./support.ts";

type Line = Readonly<Record<string, unknown>>;

const linesOf = (text: string): Line[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);

const of = (lines: readonly Line[], node: string): Line[] => lines.filter(({ id }) => id === node);

/** An archive of one image as simulated engines save it, with so many bytes more in it. */
function archive(tag: string, ballastBytes = 0): Buffer {
  const image = {
    ...{
      id: `sha256:${"ab".repeat(32)}`,
      tags: [tag],
      digests: [],
      createdMs: 0,
      sizeBytes: 5,
      labels: null,
    },
    ...{ cmd: ["sh"], comment: "" },
  };
  const manifest = [{ Config: "c.json", RepoTags: [tag], Layers: [] }];
  return packTar([
    ["ballast", Buffer.alloc(ballastBytes)],
    ["c.json", Buffer.from(JSON.stringify(image))],
    ["manifest.json", Buffer.from(JSON.stringify(manifest))],
  ]);
}

const hasTag = (engine: SimulatedEngine, tag: string): boolean => engine.state.image(tag) !== undefined;

describe("api/images transfers", () => {
  let manager: TestManager;
  const start = async (options?: ManagerOptions): Promise<void> => {
    manager = await startManager(options);
  };
  afterEach(async () => {
    await manager[Symbol.asyncDispose]();
  });
  const pull = async (query: string, headers: Record<string, string> = {}): Promise<Line[]> => {
    const answer = await manager.ask("POST", `/v1.41/images/create?${query}`, { headers });
    expect(answer.status).to.equal(200);
    expect(answer.headers["content-type"]).to.equal("application/json");
    return linesOf(answer.text);
  };
  const engine = (name: string): SimulatedEngine =>
    manager.engines.find((each) => each.name === name) ?? expect.fail(`no ${name}`);
  const untilUnhealthy = async (name: string): Promise<void> => {
    await until(async () => {
      const { SystemStatus } = (await manager.ask("GET", "/info")).json() as {
        SystemStatus: [string, string][];
      };
      const at = SystemStatus.findIndex(([key]) => key.trim() === name);
      return SystemStatus.slice(at).some(([key, value]) => key.includes("Status") && value === "Unhealthy");
    }, `${name} is unhealthy`);
  };

  describe("pull", () => {
    it("goes to every node, whose lines are marked with it", async () => {
      await start();
      for (const each of manager.engines) silence(each);
      const lines = await pull("fromImage=redis&tag=alpine", { "X-Registry-Auth": "e30=" });
      for (const node of ["node-1", "node-2", "node-3"]) {
        const mine = of(lines, node);
        expect(mine[0]).to.deep.equal({ status: "Pulling redis:alpine...", id: node });
        expect(mine[1]).to.deep.equal({
          status: "Pulling redis:alpine... : Pulling from library/redis",
          id: node,
        });
        expect(mine.find((line) => "progress" in line)).to.deep.include({
          status: "Pulling redis:alpine... : Downloading",
          progressDetail: { current: 1_000_000, total: 2_000_000 },
        });
        expect(mine.at(-1)).to.deep.equal({ status: "Pulling redis:alpine...", id: node });
        expect(hasTag(engine(node), "redis:alpine")).to.equal(true);
        const asked = engine(node).requests.find(({ route }) => route === "POST /images/create");
        expect(asked?.headers["x-registry-auth"]).to.equal("e30=");
      }
      expect(lines.some((line) => "error" in line)).to.equal(false);
      const listed = (await manager.ask("GET", "/images/json")).text;
      expect(listed, "known at once").to.include("redis:alpine");
    });

    it("passes the query on as it is, platform included, and joins a digest with @", async () => {
      await start();
      const digest = `sha256:${"1".repeat(64)}`;
      const lines = await pull(`fromImage=nginx&tag=${digest}&platform=linux%2Farm64`);
      expect(lines[0]?.status).to.equal(`Pulling nginx@${digest}...`);
      const asked = engine("node-1").requests.find(({ route }) => route === "POST /images/create");
      expect(new URL(asked?.url ?? "", "http://x").searchParams.get("platform")).to.equal("linux/arm64");
    });

    it("takes an old client's form", async () => {
      await start();
      const answer = await manager.ask("POST", "/images/create", {
        body: "fromImage=nginx&tag=latest",
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
      });
      expect(linesOf(answer.text)[0]?.status).to.equal("Pulling nginx:latest...");
      expect(hasTag(engine("node-3"), "nginx")).to.equal(true);
    });

    it("tells every node's error and closes with one that names them", async () => {
      await start();
      const lines = await pull("fromImage=nginx&tag=none");
      const text =
        "Error response from daemon: manifest for nginx:none not found: manifest unknown: manifest unknown";
      for (const node of ["node-1", "node-2", "node-3"])
        expect(of(lines, node).at(-1)).to.deep.equal({ status: `Pulling nginx:none... : ${text}`, id: node });
      const message = `node-1, node-2, node-3: ${text}`;
      expect(lines.at(-1)).to.deep.equal({ error: message, errorDetail: { code: 1, message } });
    });

    it("is an error when one of the nodes failed, and the others have the image", async () => {
      await start();
      engine("node-2").failNext("POST /images/create", 500, "no space left on device");
      const lines = await pull("fromImage=nginx&tag=latest");
      expect(lines.at(-1)?.error).to.equal("node-2: Error response from daemon: no space left on device");
      expect(manager.engines.map((each) => hasTag(each, "nginx"))).to.deep.equal([true, false, true]);
    });

    it("forgives nodes of another operating system, as long as one node took the image", async () => {
      await start();
      const text = 'image operating system "windows" cannot be used on this platform';
      engine("node-2").failNext("POST /images/create", 500, text);
      const lines = await pull("fromImage=nginx&tag=latest");
      expect(lines.some((line) => "error" in line)).to.equal(false);
      expect(of(lines, "node-2").at(-1)?.status).to.include(text);
      for (const each of manager.engines) each.failNext("POST /images/create", 500, text);
      expect((await pull("fromImage=nginx&tag=latest")).at(-1)?.error).to.include(text);
    });

    it("tells an error in an engine's stream as that node's", async () => {
      await start({ engines: [{ name: "node-1", pullable: ["x/broken"] }] });
      const lines = await pull("fromImage=x/broken&tag=latest");
      expect(lines.at(-1)?.error).to.equal("node-1: Failed to load x/broken:latest: unexpected EOF");
      expect(lines.filter((line) => "error" in line)).to.have.length(1);
    });

    it("refuses a malformed name without asking an engine", async () => {
      await start();
      const lines = await pull("fromImage=BAD&tag=1");
      const text = "invalid reference format: repository name must be lowercase";
      expect(of(lines, "node-1").map(({ status }) => status)).to.deep.equal([
        "Pulling BAD:1...",
        `Pulling BAD:1... : ${text}`,
      ]);
      expect(lines.at(-1)?.error).to.include(text);
      expect(engine("node-1").count("POST /images/create")).to.equal(0);
    });

    it("skips nodes that are down, says so, and succeeds", async () => {
      await start({ config: { engine: { refreshMinMs: 20, refreshMaxMs: 30, failureRetry: 1 } } });
      await engine("node-3").hangUp();
      await untilUnhealthy("node-3");
      const lines = await pull("fromImage=nginx&tag=latest");
      expect(of(lines, "node-3")).to.deep.equal([
        { status: "Pulling nginx:latest... : skipped, the node is Unhealthy", id: "node-3" },
      ]);
      expect(lines.some((line) => "error" in line)).to.equal(false);
    });

    it("reaches only the nodes that swarm.pullnodes chooses", async () => {
      const nodes = ["ssd", "disk", "ssd"];
      const options: ManagerOptions = {
        engines: nodes.map((storage, at) => ({ name: `node-${at + 1}`, labels: { storage } })),
      };
      await start({ ...options, cluster: { pullNodes: ["storage==ssd", "node!=node-3"] } });
      expect(new Set((await pull("fromImage=nginx&tag=latest")).map(({ id }) => id))).to.deep.equal(
        new Set(["node-1"]),
      );
      await manager[Symbol.asyncDispose]();
      await start({ ...options, cluster: { pullNodes: ["storage==tape"] } });
      const answer = await manager.ask("POST", "/images/create?fromImage=nginx");
      expect(answer.status).to.equal(500);
      expect(answer.message).to.equal("No node meets swarm.pullnodes: storage==tape");
    });

    it("loses a node in the middle, and keeps what the others do", async () => {
      await start();
      const releases = manager.engines.map(holdPulls);
      const answer = manager.ask("POST", "/images/create?fromImage=nginx&tag=latest");
      await until(() => manager.engines.every((each) => each.count("POST /images/create") === 1));
      await engine("node-2").hangUp();
      for (const release of releases) release();
      const lines = linesOf((await answer).text);
      expect(lines.at(-1)?.error).to.match(/^node-2: Cannot connect to the Docker daemon at tcp:\/\//);
      expect(hasTag(engine("node-1"), "nginx") && hasTag(engine("node-3"), "nginx")).to.equal(true);
    });

    it("is cancelled on every engine when the client leaves", async () => {
      await start();
      const releases = manager.engines.map(holdPulls);
      const client = await rawConnection(manager.port);
      client.socket.write(
        "POST /images/create?fromImage=nginx HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
      );
      await client.sees("Pulling from library/nginx");
      await until(() => manager.engines.every((each) => each.count("POST /images/create") === 1));
      const pulling = manager.engines.map(({ connections }) => connections);
      client.socket.destroy();
      await until(
        () => manager.engines.every(({ connections }, at) => connections < pulling[at]!),
        "the engines' connections are closed",
      );
      for (const release of releases) release();
    });

    it("pulls on at most 16 nodes at a time", async () => {
      const engines = Array.from({ length: 20 }, (_, at) => ({ name: `n-${at}` }));
      await start({ engines });
      const releases = manager.engines.map(holdPulls);
      const answer = manager.ask("POST", "/images/create?fromImage=nginx");
      const asked = (): number =>
        manager.engines.reduce((sum, each) => sum + each.count("POST /images/create"), 0);
      await until(() => asked() >= 16);
      await manager.ask("GET", "/_ping");
      expect(asked()).to.equal(16);
      for (const release of releases) release();
      expect((await answer).text).to.not.include('"error"');
      expect(asked()).to.equal(20);
    });

    it("answers 500 when there is no node", async () => {
      await start({ engines: [] });
      const answer = await manager.ask("POST", "/images/create?fromImage=nginx");
      expect([answer.status, answer.message]).to.deep.equal([500, "no node available in the cluster"]);
    });
  });

  describe("import", () => {
    it("copies the body to every node, parameters included", async () => {
      await start();
      const query = "fromSrc=-&repo=app&tag=1&message=hi&changes=CMD%20true&platform=linux";
      const answer = await manager.ask("POST", `/images/create?${query}`, { body: Buffer.alloc(70_000) });
      const lines = linesOf(answer.text);
      for (const each of manager.engines) {
        const id = each.state.image("app:1")?.id;
        expect(of(lines, each.name)).to.deep.equal([{ status: id, id: each.name }, { id: each.name }]);
        const asked = each.requests.find(({ route }) => route === "POST /images/create");
        expect(new URL(asked?.url ?? "", "http://x").search).to.equal(
          `?${new URLSearchParams(query).toString()}`,
        );
      }
    });

    it("of a URL sends no body", async () => {
      await start({ engines: [{ name: "node-1" }] });
      const answer = await manager.ask("POST", "/images/create?fromSrc=http%3A%2F%2Fx%2Fa.tar&repo=app");
      expect(answer.text).to.not.include('"error"');
      expect(engine("node-1").state.image("app")?.sizeBytes).to.equal(0);
    });
  });

  describe("load", () => {
    const load = (body: Buffer, query = "") => manager.ask("POST", `/v1.41/images/load${query}`, { body });

    it("copies the archive to every node", async () => {
      await start();
      const lines = linesOf((await load(archive("app:1"))).text);
      for (const each of manager.engines) {
        expect(of(lines, each.name)).to.deep.equal([
          {
            status: "Loading Image... : Loading layer",
            progressDetail: { current: 512, total: 512 },
            progress: "[=>]",
            id: each.name,
          },
          { stream: "Loaded image: app:1\n", status: "Loading Image...", id: each.name },
        ]);
        expect(hasTag(each, "app:1")).to.equal(true);
      }
      expect((await manager.ask("GET", "/images/json")).text).to.include("app:1");
    });

    it("passes quiet and platform on, and a compressed archive untouched", async () => {
      await start();
      const answer = await load(gzipSync(archive("app:1")), "?quiet=1&platform=x");
      expect(linesOf(answer.text)).to.have.length(3);
      expect(engine("node-2").requests.some(({ url }) => url.endsWith("/load?quiet=1&platform=x"))).to.equal(
        true,
      );
      expect(hasTag(engine("node-2"), "app:1")).to.equal(true);
    });

    it("tells which nodes could not, while the others load", async () => {
      await start();
      engine("node-2").failNext("POST /images/load", 500, "no space left on device");
      const lines = linesOf((await load(archive("app:1"))).text);
      const text = "Error response from daemon: no space left on device";
      expect(of(lines, "node-2")).to.deep.equal([{ status: `Loading Image... : ${text}`, id: "node-2" }]);
      expect(lines.at(-1)?.error).to.equal(`node-2: ${text}`);
      expect(manager.engines.map((each) => hasTag(each, "app:1"))).to.deep.equal([true, false, true]);
    });

    it("fails with the engines' words when the archive is none", async () => {
      await start();
      const lines = linesOf((await load(packTar([["x", Buffer.from("x")]]))).text);
      expect(lines.at(-1)?.error).to.equal(
        "node-1, node-2, node-3: Failed to load image: open manifest.json: no such file or directory",
      );
    });

    it("forgives a node of another operating system", async () => {
      await start();
      engine("node-1").failNext("POST /images/load", 500, "cannot load windows image on linux");
      const lines = linesOf((await load(archive("app:1"))).text);
      expect(of(lines, "node-1")).to.deep.equal([
        {
          status: "Loading Image... : Load skipped because image is for windows and engine is running linux",
          id: "node-1",
        },
      ]);
      expect(lines.some((line) => "error" in line)).to.equal(false);
    });

    it("goes on when an engine is lost in the middle of the upload", async () => {
      await start();
      const upload = startUpload(manager.port);
      // Much more than anybody keeps for a node that takes nothing.
      const bytes = archive("app:1", 20_000_000);
      upload.write(bytes.subarray(0, 700));
      await until(() => manager.engines.every((each) => each.count("POST /images/load") === 1));
      await engine("node-3").hangUp();
      upload.end(bytes.subarray(700));
      const lines = linesOf(await upload.answer);
      expect(lines.at(-1)?.error).to.match(/^node-3: Cannot connect to the Docker daemon/);
      expect(manager.engines.map((each) => hasTag(each, "app:1"))).to.deep.equal([true, true, false]);
    });

    it("answers when all engines are lost, though the client has not sent everything", async () => {
      await start();
      const upload = startUpload(manager.port);
      upload.write(Buffer.alloc(700));
      await until(() => manager.engines.every((each) => each.count("POST /images/load") === 1));
      await Promise.all(manager.engines.map((each) => each.hangUp()));
      expect(linesOf(await upload.answer).at(-1)?.error).to.match(/node-1: .*\nnode-2: .*\nnode-3: /);
      upload.destroy();
    });

    it("leaves no engine with a part of the archive when the client leaves", async () => {
      await start();
      const upload = startUpload(manager.port);
      // All there is, but for the end of the request.
      upload.write(archive("app:1"));
      await until(() => manager.engines.every((each) => each.count("POST /images/load") === 1));
      const idle = manager.engines.map(({ connections }) => connections);
      upload.destroy();
      await until(() => manager.engines.every(({ connections }, at) => connections < idle[at]!));
      expect(manager.engines.some((each) => hasTag(each, "app:1"))).to.equal(false);
      expect(manager.log.join("")).to.not.include("request failed");
    });
  });

  describe("save", () => {
    const engines = [
      { name: "node-1", images: ["redis"] },
      { name: "node-2", images: ["redis", "nginx", "reg.io:5000/app:v1"] },
      { name: "node-3", images: ["redis", "nginx"] },
    ];

    it("comes from a node that has all the images", async () => {
      await start({ engines });
      const answer = await manager.ask("GET", "/images/get?names=redis&names=nginx%3Alatest&platform=p");
      expect(answer.status).to.equal(200);
      expect(answer.text)
        .to.include('"RepoTags":["redis:latest"]')
        .and.include('"RepoTags":["nginx:latest"]');
      expect(engine("node-1").count("GET /images/get")).to.equal(0);
      const asked = engine("node-2").requests.find(({ route }) => route === "GET /images/get");
      expect(asked?.url).to.match(/\/images\/get\?names=redis&names=nginx%3Alatest&platform=p$/);
    });

    it("of one name without a tag finds any tag, also behind a registry's port", async () => {
      await start({ engines });
      const answer = await manager.ask("GET", "/images/reg.io:5000/app/get");
      expect([answer.status, answer.text.includes("reg.io:5000/app:v1")]).to.deep.equal([200, true]);
    });

    it("answers 404 when no node has them all", async () => {
      await start({ engines });
      const answer = await manager.ask("GET", "/images/get?names=redis&names=httpd");
      expect([answer.status, answer.message]).to.deep.equal([
        404,
        "Unable to find a healthy engine containing all images: [redis httpd]",
      ]);
    });

    it("moves on to the next node when one cannot be reached", async () => {
      await start({ engines });
      await engine("node-2").hangUp();
      const answer = await manager.ask("GET", "/images/get?names=nginx");
      expect(answer.status).to.equal(200);
      expect(engine("node-3").count("GET /images/get")).to.equal(1);
    });

    it("can be loaded again", async () => {
      await start({ engines });
      const saved = await fetch(`http://127.0.0.1:${manager.port}/images/get?names=nginx`);
      const bytes = Buffer.from(await saved.arrayBuffer());
      const answer = await manager.ask("POST", "/images/load?quiet=1", { body: bytes });
      expect(answer.text).to.include("Loaded image: nginx:latest");
      expect(hasTag(engine("node-1"), "nginx")).to.equal(true);
    });
  });
}).timeout(10_000);

interface Upload {
  readonly answer: Promise<string>;
  write(bytes: Buffer): void;
  end(bytes: Buffer): void;
  destroy(): void;
}

/** A load whose body comes in pieces. */
function startUpload(port: number): Upload {
  const options = { host: "127.0.0.1", port, path: "/images/load", method: "POST", agent: false };
  const call = httpRequest(options);
  const answer = new Promise<string>((resolve, reject) => {
    let text = "";
    let answered = false;
    call.on("response", (response) => {
      answered = true;
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    call.on("error", (error) => answered || reject(error));
  });
  answer.catch(() => undefined);
  return {
    answer,
    write: (bytes) => void call.write(bytes),
    end: (bytes) => void call.end(bytes),
    destroy: () => void call.destroy(),
  };
}
