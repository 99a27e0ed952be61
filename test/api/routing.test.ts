import { expect } from "chai";
import { rawConnection, startManager, type TestManager } from "./support.ts";

describe("api/routing", () => {
  let manager: TestManager;
  before(async () => {
    manager = await startManager();
    await manager.run({}, "web");
  });
  after(() => manager[Symbol.asyncDispose]());
  const ask: TestManager["ask"] = (method, path, given) => manager.ask(method, path, given);

  /** The status line, headers and body of one request, byte by byte. */
  async function raw(text: string): Promise<string> {
    const connection = await rawConnection(manager.port);
    connection.socket.write(text);
    await connection.closed;
    connection.socket.destroy();
    return connection.text();
  }

  // prettier-ignore
  const prefixes = ["", "/v1.24", "/v1.41", "/v1.51", "/v1.99", "/v1x40", "/v140"];
  for (const prefix of prefixes) {
    it(`serves ${prefix}/containers/json`, async () => {
      expect((await ask("GET", `${prefix}/containers/json`)).status).to.equal(200);
    });
  }
  for (const prefix of ["/v1", "/v", "/version1.41", "/V1.41", "/v1.41.0"]) {
    it(`does not take ${prefix} for a version`, async () => {
      expect((await ask("GET", `${prefix}/containers/json`)).status).to.equal(404);
    });
  }

  // prettier-ignore
  const unclean = [
    { path: "/containers//json",               location: "/containers/json" },
    { path: "/containers//json?all=1&limit=2", location: "/containers/json?all=1&limit=2" },
    { path: "/v1.41//containers/./json",       location: "/v1.41/containers/json" },
    { path: "/containers/x/../json",           location: "/containers/json" },
    { path: "/../../info",                     location: "/info" },
    { path: "//evil.example/x",                location: "/evil.example/x" },
    { path: "/containers//",                   location: "/containers/" },
    { path: "/info/.",                         location: "/info" },
    { path: "/info/./\\evil.example",          location: "/info/\\evil.example" },
  ];
  for (const { path, location } of unclean) {
    it(`sends ${path} to ${location}`, async () => {
      for (const method of ["GET", "POST", "DELETE"]) {
        const answer = await ask(method, path);
        expect(answer.status, method).to.equal(301);
        expect(answer.headers.location).to.equal(location);
        expect(answer.text).to.equal("");
      }
    });
  }

  // prettier-ignore
  const references = ["web", "node-1/web", "node-1%2Fweb", "%77eb", "%2Fweb"];
  for (const reference of references) {
    it(`knows a container as ${reference}`, async () => {
      const answer = await ask("GET", `/v1.41/containers/${reference}/json`);
      expect(answer.status, answer.text).to.equal(200);
      expect(answer.fields().Name).to.equal("/web");
    });
  }

  it("reads a query's escapes, its plus signs and its order", async () => {
    const filters = encodeURIComponent('{"name":["^web$"]}');
    const answer = await ask("GET", `/containers/json?all=1&all=0&filters=${filters}`);
    expect(answer.json()).to.have.length(1);
  });

  // prettier-ignore
  const malformed = ["/containers/%/json", "/containers/%zz/json", "/containers/%ff/json", "/exec/%c3%28/json", "/containers/a%E0%A4%A/start"];
  for (const path of malformed) {
    it(`answers 400 to the malformed escape in ${path}`, async () => {
      for (const method of ["GET", "POST"]) {
        const answer = await ask(method, path);
        if (answer.status === 404 && answer.message.startsWith("page not found")) continue;
        expect(answer.status).to.equal(400);
        expect(answer.headers["content-type"]).to.equal("application/json");
        expect(answer.message).to.not.equal("");
      }
    });
  }

  // prettier-ignore
  const unknown = [
    { method: "GET",    path: "/nope" },
    { method: "GET",    path: "/" },
    { method: "GET",    path: "/v1.41" },
    { method: "POST",   path: "/containers/json" },
    { method: "DELETE", path: "/info" },
    { method: "GET",    path: "/info/" },
    { method: "GET",    path: "/INFO" },
    { method: "PATCH",  path: "/containers/web/json" },
    { method: "GET",    path: "/__proto__" },
    { method: "GET",    path: "/constructor/prototype" },
    { method: "OPTIONS", path: "/info" },
  ];
  for (const { method, path } of unknown) {
    it(`answers 404 to ${method} ${path}, naming it`, async () => {
      const answer = await ask(method, path);
      expect(answer.status).to.equal(404);
      expect(answer.headers["content-type"]).to.equal("application/json");
      expect(answer.message).to.include("page not found").and.to.include(method);
    });
  }

  // prettier-ignore
  const refused = [
    { method: "GET",    path: "/plugins/vieux/sshfs/json",              status: 404, text: 'plugin "vieux/sshfs" not found' },
    { method: "GET",    path: "/images/viz",                            status: 501, text: "Not supported in clustering mode." },
    { method: "PUT",    path: "/volumes/v1",                            status: 503, text: "volume update only valid for cluster volumes" },
    { method: "GET",    path: "/swarm",                                 status: 503, text: "not a swarm manager" },
    { method: "POST",   path: "/swarm/init",                            status: 503, text: "not a swarm manager" },
    { method: "GET",    path: "/services",                              status: 503, text: "not a swarm manager" },
    { method: "GET",    path: "/nodes/x",                               status: 503, text: "not a swarm manager" },
    { method: "DELETE", path: "/secrets/x",                             status: 503, text: "not a swarm manager" },
    { method: "GET",    path: "/configs",                               status: 503, text: "not a swarm manager" },
    { method: "GET",    path: "/tasks/x/logs",                          status: 503, text: "not a swarm manager" },
  ];
  for (const { method, path, status, text } of refused) {
    it(`answers ${status} to ${method} ${path}`, async () => {
      const answer = await ask(method, path);
      expect(answer.status).to.equal(status);
      expect(answer.message).to.include(text);
    });
  }

  it("answers _ping with the headers clients negotiate by, GET and HEAD, on any version", async () => {
    for (const path of ["/_ping", "/v1.41/_ping", "/v1.1/_ping", "/v9.99/_ping"]) {
      const get = await ask("GET", path);
      const head = await ask("HEAD", path);
      for (const { status, headers } of [get, head]) {
        expect(status).to.equal(200);
        expect(headers).to.include({
          "api-version": "1.41",
          ostype: "linux",
          "docker-experimental": "false",
          "builder-version": "2",
          swarm: "inactive",
          "cache-control": "no-cache, no-store, must-revalidate",
          pragma: "no-cache",
        });
      }
      expect(get.text).to.equal("OK");
      expect(head.text).to.equal("");
    }
  });

  // prettier-ignore
  const headless = ["/info", "/version", "/events", "/containers/json", "/containers/web/json", "/containers/web/stats", "/containers/web/logs?stdout=1&follow=1"];
  for (const path of headless) {
    it(`has no HEAD ${path}, as engines have none`, async () => {
      expect((await ask("HEAD", path)).status).to.equal(404);
    });
  }

  // prettier-ignore
  const answers = [
    { method: "GET",  path: "/info" },
    { method: "GET",  path: "/containers/web/json" },
    { method: "GET",  path: "/containers/web/top" },
    { method: "POST", path: "/containers/web/stop" },
    { method: "GET",  path: "/nope" },
    { method: "GET",  path: "/containers//json" },
    { method: "GET",  path: "/images/busybox/json" },
    { method: "GET",  path: "/v1.1/info" },
  ];
  for (const { method, path } of answers) {
    it(`puts one Api-Version on ${method} ${path}`, async () => {
      const { rawHeaders } = await ask(method, path);
      const lines = rawHeaders
        .filter((_, n) => n % 2 === 0)
        .filter((name) => name.toLowerCase() === "api-version");
      expect(lines).to.deep.equal(["Api-Version"]);
    });
  }

  it("understands a request line with a whole URL, as proxies send it", async () => {
    const text = await raw(
      "GET http://manager:2375/v1.41/_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    expect(text)
      .to.match(/^HTTP\/1\.1 200 /)
      .and.to.match(/OK$/);
  });

  it("keeps a connection open after an error it has read everything of", async () => {
    const connection = await rawConnection(manager.port);
    connection.socket.write("GET /nope HTTP/1.1\r\nHost: x\r\n\r\n");
    await connection.sees("page not found");
    connection.socket.write("GET /containers/nope/json HTTP/1.1\r\nHost: x\r\n\r\n");
    await connection.sees("No such container: nope");
    connection.socket.write("POST /containers/nope/exec HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    await connection.sees("No such container: nope");
    connection.socket.write("GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    await connection.closed;
    expect(connection.text().match(/HTTP\/1\.1 (\d+)/g)).to.deep.equal([
      "HTTP/1.1 404",
      "HTTP/1.1 404",
      "HTTP/1.1 404",
      "HTTP/1.1 200",
    ]);
    connection.socket.destroy();
  });

  it("speaks HTTP/1.0", async () => {
    expect(await raw("GET /_ping HTTP/1.0\r\n\r\n")).to.match(/^HTTP\/1\.1 200 .*OK$/s);
  });

  it("answers 400 in JSON to what is no HTTP", async () => {
    const text = await raw("SSH-2.0-OpenSSH_9.0\r\n\r\n");
    expect(text)
      .to.match(/^HTTP\/1\.1 400 /)
      .and.to.include('{"message":');
  });

  it("does not put an error into the middle of a stream when its client sends nonsense", async () => {
    const connection = await rawConnection(manager.port);
    connection.socket.write("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    await connection.sees("200 OK");
    connection.socket.write("NONSENSE\r\n\r\n");
    await connection.closed;
    expect(connection.text()).to.not.include("400 Bad Request");
    connection.socket.destroy();
  });
});

describe("api/routing with CORS", () => {
  let manager: TestManager;
  before(async () => {
    manager = await startManager({ config: { cors: true }, engines: [{ name: "node-1" }] });
    await manager.run({}, "web");
  });
  after(() => manager[Symbol.asyncDispose]());
  const cors = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "Origin, X-Requested-With, Content-Type, Accept",
    "access-control-allow-methods": "GET, POST, DELETE, PUT, OPTIONS, HEAD",
  };

  // prettier-ignore
  const paths = ["/info", "/containers/web/top", "/containers/nope/json", "/v1.1/info"];
  for (const path of paths) {
    it(`allows any page to read GET ${path}`, async () => {
      expect((await manager.ask("GET", path)).headers).to.include(cors);
    });
  }

  it("answers OPTIONS of every route, without a body", async () => {
    for (const path of ["/v1.41/containers/create", "/containers/web/exec", "/exec/x/start"]) {
      const answer = await manager.ask("OPTIONS", path);
      expect(answer.status, path).to.equal(200);
      expect(answer.text).to.equal("");
      expect(answer.headers).to.include({ ...cors, "api-version": "1.41" });
    }
  });
});
