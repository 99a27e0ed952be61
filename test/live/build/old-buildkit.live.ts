import { expect } from "chai";
import { constants, performServerHandshake, type ServerHttp2Session } from "node:http2";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { run } from "../../lab/command.ts";
import type { Manager } from "../support/manager.ts";
import { useManager } from "../support/use-manager.ts";
import { buildContext, nodesWith, removeBuilt } from "./support.ts";

/**
 * The client's end of `POST /session`, as docker 18.09 to 20.10 open one: after the upgrade the engine speaks HTTP/2 to it, and is told that
 * it is in good health and has nothing else to offer.
 */
class ClientSession implements Disposable {
  readonly #socket: Socket;
  readonly #http: ServerHttp2Session;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#http = performServerHandshake(socket);
    this.#http.on("error", () => undefined);
    this.#http.on("stream", (stream, headers) => {
      const healthy = headers[constants.HTTP2_HEADER_PATH] === "/grpc.health.v1.Health/Check";
      const status = healthy ? "0" : "12"; // OK, UNIMPLEMENTED
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
      stream.on("error", () => undefined);
      // A message of two bytes: field 1, SERVING.
      stream.end(healthy ? Buffer.from([0, 0, 0, 0, 2, 8, 1]) : undefined);
    });
  }

  static async open({ url }: Manager, id: string): Promise<ClientSession> {
    const { hostname, port } = new URL(url.replace("tcp:", "http:"));
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /session HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nX-Docker-Expose-Session-Uuid: ${id}\r\n\r\n`,
    );
    let head = "";
    while (!head.includes("\r\n\r\n")) {
      const [chunk] = (await once(socket, "data")) as [Buffer];
      head += chunk.toString("latin1");
    }
    const end = head.indexOf("\r\n\r\n") + 4;
    expect(head.slice(0, end)).to.match(/^HTTP\/1\.1 101 /);
    socket.pause();
    socket.unshift(Buffer.from(head.slice(end), "latin1"));
    const session = new ClientSession(socket);
    await once(session.#http, "remoteSettings");
    return session;
  }

  /** What the engine said of itself when it began to speak HTTP/2. */
  get remoteSettings() {
    return this.#http.remoteSettings;
  }

  [Symbol.dispose](): void {
    this.#http.destroy();
    this.#socket.destroy();
  }
}

describe("a build as docker 18.09 asks BuildKit for it", () => {
  const manager = useManager();
  afterEach(removeBuilt);

  for (const node of ["node-2", "node-3"]) {
    it(`has session, build and context on one node (${node})`, async () => {
      const folder = buildContext({ Dockerfile: "FROM busybox\nRUN echo done > /out\n" });
      const archive = await run("tar", ["-C", folder, "-cf", `${folder}.tar`, "Dockerfile"]);
      expect(archive.code).to.equal(0);
      const [session, id] = [`session-${node}`, `build-${node}`];
      const query = new URLSearchParams({
        ...{ version: "2", session, buildid: id, remote: "upload-request", t: "built:old" },
        buildargs: JSON.stringify({ "constraint:node": `=${node}` }),
      });
      const opening = ClientSession.open(manager(), session);
      const building = fetch(`${manager().http}/v1.39/build?${query.toString()}`, { method: "POST" });
      const upload = fetch(`${manager().http}/v1.39/build?version=2&buildid=upload-request:${id}`, {
        method: "POST",
        body: readFileSync(`${folder}.tar`),
      });
      using _session = await opening;
      const output = await (await building).text();
      expect(output)
        .to.include("moby.buildkit.trace")
        .and.to.match(/"moby\.image\.id".*sha256:/);
      expect((await upload).status).to.equal(200);
      expect(await nodesWith("built:old")).to.deep.equal([node]);
    });
  }

  it("opens a session that no build names, too", async () => {
    using session = await ClientSession.open(manager(), "alone");
    expect(session.remoteSettings.maxFrameSize).to.be.a("number");
  });
});
