import { expect } from "chai";
import { until } from "../support.ts";
import { EXPECTED } from "./expected-rights.ts";
import { startGuardedManager, type GuardedManager } from "./support.ts";

const UPGRADE = { Connection: "Upgrade", Upgrade: "tcp" };
/** Headers that mean something elsewhere. */
const TRICKS = {
  "X-HTTP-Method-Override": "GET",
  "X-Method-Override": "GET",
  "X-Original-URL": "/_ping",
  "X-Rewrite-URL": "/_ping",
  "X-Forwarded-For": "127.0.0.1",
  "X-Forwarded-User": "root",
  "X-Remote-User": "root",
  "X-SSL-Client-S-DN": "CN=root",
  "X-Forwarded-Client-Cert": 'Subject="CN=root"',
  Authorization: "Basic cm9vdDpyb290",
  Cookie: "cn=root",
  Via: "1.1 manager",
};

describe("api/access enforcement", () => {
  let manager: GuardedManager;
  let execId: string;
  before(async () => {
    manager = await startGuardedManager();
    const as = manager.as;
    await as("root", "POST", "/containers/create?name=foreign", {
      body: { Image: "busybox", Cmd: ["cat"], OpenStdin: true, Tty: true },
    });
    await as("root", "POST", "/containers/foreign/start");
    const exec = await as("root", "POST", "/containers/foreign/exec", { body: { Cmd: ["cat"], Tty: true } });
    execId = (exec.json() as { Id: string }).Id;
    await as("root", "POST", "/networks/create", { body: { Name: "foreign" } });
    await as("root", "POST", "/volumes/create", { body: { Name: "foreign" } });
    manager.asked();
  });
  after(() => manager[Symbol.asyncDispose]());

  /** A request to this route about something that exists and is nobody's own. */
  const target = (route: string): [method: string, path: string] => {
    const [method = "", path = ""] = route.split(" ");
    const thing = path.startsWith("/images") || path.startsWith("/distribution") ? "busybox" : "foreign";
    return [
      method,
      path.replace("*name", thing).replace(":id", execId).replace("*checkpoint", "c").replace("*rest", "x"),
    ];
  };

  const clients = [
    { cn: "stranger", letter: "n", role: "none" },
    { cn: "reader", letter: "r", role: "read-only" },
    { cn: "olga", letter: "o", role: "operator" },
    { cn: "ci-1", letter: "w", role: "own" },
  ];
  const ways = [
    { it: "plain", headers: {} },
    { it: "with an upgrade", headers: UPGRADE },
    { it: "with headers that claim something", headers: TRICKS },
  ];
  for (const { cn, letter, role } of clients) {
    for (const { it: way, headers } of ways) {
      it(`refuses ${role} every route it has no right to, ${way}`, async () => {
        for (const [route, [roles]] of Object.entries(EXPECTED)) {
          if (roles.includes(letter)) continue;
          const [method, path] = target(route);
          for (const url of [path, `/v1.41${path}`]) {
            const { status, text, message } = await manager.as(cn, method, url, {
              headers,
              body: method === "POST" ? "{}" : undefined,
            });
            expect(status, `${method} ${url}`).to.equal(403);
            if (method === "HEAD") expect(text).to.equal("");
            else
              expect(message).to.match(
                new RegExp(`^authorization denied: role ${role} \\(${cn}\\) may not ${method} /`),
              );
          }
        }
        expect(manager.asked()).to.deep.equal([]);
      });
    }
  }

  for (const { it: way, headers } of ways) {
    it(`knows nothing of other people's things for own, ${way}`, async () => {
      for (const [route, [, own]] of Object.entries(EXPECTED)) {
        if (
          ![
            "container",
            "container-start",
            "container-update",
            "exec-create",
            "exec",
            "network",
            "network-endpoint",
            "volume",
          ].includes(own)
        )
          continue;
        const [method, path] = target(route);
        const body = { Container: "foreign", Cmd: ["id"] };
        const { status, message } = await manager.as("ci-1", method, path, {
          headers,
          ...(method === "POST" ? { body } : {}),
        });
        expect(status, `${method} ${path}`).to.equal(404);
        if (method === "HEAD") continue;
        const missing = `No such container: foreign|Exec ${execId} not found|No such network: foreign|No such volume: foreign`;
        expect(message).to.match(new RegExp(`^(${missing})$`));
      }
      expect(manager.asked()).to.deep.equal([]);
    });
  }

  // prettier-ignore
  const denials = [
    { it: "create",               method: "POST",   path: "/containers/create" },
    { it: "create with a name",   method: "POST",   path: "/v1.24/containers/create?name=x" },
    { it: "exec",                 method: "POST",   path: "/containers/foreign/exec" },
    { it: "exec by node",         method: "POST",   path: "/containers/node-1/foreign/exec" },
    { it: "exec, coded",          method: "POST",   path: "/containers/node-1%2Fforeign/exec" },
    { it: "exec start",           method: "POST",   path: "/exec/EXEC/start" },
    { it: "attach",               method: "POST",   path: "/containers/foreign/attach?stream=1&stdin=1&stdout=1" },
    { it: "attach by websocket",  method: "GET",    path: "/containers/foreign/attach/ws?stream=1" },
    { it: "build",                method: "POST",   path: "/build?t=x" },
    { it: "a BuildKit build",     method: "POST",   path: "/build?version=2&session=s" },
    { it: "a session",            method: "POST",   path: "/session" },
    { it: "gRPC",                 method: "POST",   path: "/grpc" },
    { it: "copying in",           method: "PUT",    path: "/containers/foreign/archive?path=/" },
    { it: "copying out",          method: "GET",    path: "/containers/foreign/archive?path=/etc/shadow" },
    { it: "looking inside",       method: "HEAD",   path: "/containers/foreign/archive?path=/etc/shadow" },
    { it: "the old copy",         method: "POST",   path: "/containers/foreign/copy" },
    { it: "export",               method: "GET",    path: "/containers/foreign/export" },
    { it: "save",                 method: "GET",    path: "/images/get?names=busybox" },
    { it: "save of one",          method: "GET",    path: "/images/busybox/get" },
    { it: "load",                 method: "POST",   path: "/images/load" },
    { it: "import",               method: "POST",   path: "/images/create?fromSrc=-&repo=x" },
    { it: "import without words", method: "POST",   path: "/images/create" },
    { it: "push",                 method: "POST",   path: "/images/busybox/push" },
    { it: "commit",               method: "POST",   path: "/commit?container=foreign&repo=x" },
    { it: "a plugin",             method: "POST",   path: "/plugins/pull?remote=x" },
    { it: "a plugin's making",    method: "POST",   path: "/plugins/create?name=x" },
    { it: "a plugin's start",     method: "POST",   path: "/plugins/x/enable" },
    { it: "a checkpoint",         method: "POST",   path: "/containers/foreign/checkpoints" },
    { it: "a start from a file",  method: "POST",   path: "/containers/foreign/start?checkpoint=x&checkpoint-dir=/tmp" },
  ];
  for (const { it: what, method, path } of denials) {
    it(`refuses ${what} to read-only and operator, however it is asked`, async () => {
      const url = path.replace("EXEC", execId);
      for (const cn of ["reader", "olga"]) {
        for (const { headers } of ways) {
          const answer = await manager.as(cn, method, url, { headers });
          expect(answer.status).to.equal(403);
        }
        const connection = await manager.connect(cn);
        // As old clients do: the input of the stream comes right behind the request.
        const input = /\/(attach|exec\/\w+\/start|session|grpc)(\?|$)/.test(url) ? "rm -rf /\n" : "";
        connection.write(`${method} ${url} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}${input}`);
        await connection.sees("\r\n\r\n");
        expect(connection.text()).to.match(/^HTTP\/1\.1 403 Forbidden\r\n/);
        connection.end();
      }
      expect(manager.asked()).to.deep.equal([]);
    });
  }

  // prettier-ignore
  const tricks = [
    { it: "a doubled slash",                 line: "POST //containers/create",                         status: 301 },
    { it: "a path that goes back",           line: "POST /v1.41/../containers/create",                 status: 301 },
    { it: "a path that goes back, coded",    line: "POST /_ping/%2e%2e/containers/create",             status: 404 },
    { it: "a coded slash",                   line: "POST /containers%2Fcreate",                        status: 404 },
    { it: "a coded letter",                  line: "POST /containers/%63reate",                        status: 404 },
    { it: "another case",                    line: "POST /Containers/Create",                          status: 404 },
    { it: "a slash at the end",              line: "POST /containers/create/",                         status: 404 },
    { it: "two versions",                    line: "POST /v1.41/v1.41/containers/create",              status: 404 },
    { it: "a whole address",                 line: "POST http://elsewhere/containers/create",          status: 403 },
    { it: "a whole address that upgrades",   line: "POST https://elsewhere/containers/foreign/attach", status: 403 },
    { it: "a whole address without a path",  line: "POST http://elsewhere?/containers/create",         status: 404 },
    { it: "a fragment",                      line: "POST /containers/create#/_ping",                   status: 403 },
    { it: "a semicolon",                     line: "POST /containers/create;/_ping",                   status: 404 },
    { it: "a query that says read",          line: "POST /containers/create?_method=GET&method=GET",   status: 403 },
    { it: "OPTIONS",                         line: "OPTIONS /containers/create",                       status: 404 },
    { it: "HEAD",                            line: "HEAD /containers/foreign/export",                  status: 404 },
    { it: "a method in small letters",       line: "post /containers/create",                          status: 400 },
  ];
  for (const { it: what, line, status } of tricks) {
    it(`does not fall for ${what}`, async () => {
      const connection = await manager.connect("reader");
      const body = '{"Image":"busybox"}';
      connection.write(
        `${line} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      await connection.sees("\r\n\r\n");
      expect(connection.text()).to.match(new RegExp(`^HTTP/1\\.1 ${status} `));
      connection.end();
      expect(manager.asked()).to.deep.equal([]);
    });
  }

  it("opens no tunnel", async () => {
    const connection = await manager.connect("reader");
    connection.write(`CONNECT ${manager.engines[0]?.addr ?? ""} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await connection.closed;
    expect(connection.text()).to.equal("");
    connection.end();
  });

  it("judges each request of a connection by itself", async () => {
    const connection = await manager.connect("reader");
    const create = "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    connection.write(`GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n${create}GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n`);
    await until(() => connection.text().split("HTTP/1.1 ").length === 4);
    expect(connection.text().match(/HTTP\/1\.1 \d+/g)).to.deep.equal([
      "HTTP/1.1 200",
      "HTTP/1.1 403",
      "HTTP/1.1 200",
    ]);
    connection.end();
    expect(manager.asked()).to.deep.equal([]);
  });

  it("lets nothing behind a refused upgrade through as another request", async () => {
    const connection = await manager.connect("reader");
    connection.write(
      "POST /containers/foreign/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
    );
    connection.write("POST /containers/foreign/stop HTTP/1.1\r\nHost: x\r\n\r\n");
    await connection.closed;
    expect(connection.text().match(/HTTP\/1\.1 \d+/g)).to.deep.equal(["HTTP/1.1 403"]);
    expect(manager.asked()).to.deep.equal([]);
    connection.end();
  });

  it("lets an operator operate, and not more", async () => {
    const statuses = [];
    for (const what of ["pause", "unpause", "restart", "stop", "start"])
      statuses.push((await manager.as("olga", "POST", `/containers/foreign/${what}`)).status);
    expect(statuses).to.deep.equal([204, 204, 204, 204, 204]);
    expect((await manager.as("olga", "POST", "/images/create?fromImage=alpine&tag=latest")).status).to.equal(
      200,
    );
    expect((await manager.as("olga", "GET", "/containers/foreign/json")).status).to.equal(200);
    manager.asked();
  });

  it("lets read-only read", async () => {
    const paths = [
      "/info",
      "/version",
      "/containers/json",
      "/containers/foreign/json",
      "/images/json",
      "/networks",
      "/volumes",
      "/system/df",
    ];
    for (const path of paths) expect((await manager.as("reader", "GET", path)).status, path).to.equal(200);
  });

  it("pings for everybody who got in, and tells the version", async () => {
    for (const [method, path] of [
      ["GET", "/_ping"],
      ["HEAD", "/_ping"],
      ["GET", "/version"],
    ] as const)
      expect((await manager.as("stranger", method, path)).status).to.equal(200);
  });

  it("lets no second request hide in the body of the first", async () => {
    const hidden = "DELETE /v1.41/containers/foreign?force=1 HTTP/1.1\r\nHost: x\r\n\r\n";
    const connection = await manager.connect("reader");
    manager.asked();
    connection.write(
      `GET /containers/foreign/top HTTP/1.1\r\nHost: x\r\nConnection: content-length\r\nContent-Length: ${String(hidden.length)}\r\n\r\n${hidden}`,
    );
    await connection.sees("HTTP/1.1 200");
    await manager.as("reader", "GET", "/containers/foreign/top");
    expect(manager.asked().filter((request) => request.startsWith("DELETE"))).to.deep.equal([]);
    connection.end();
  });

  it("outlives who asks for a stream before the last answer came", async () => {
    const connection = await manager.connect("stranger");
    const attach =
      "POST /containers/foreign/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
    connection.write(`GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n${attach}`);
    await connection.closed;
    expect((await manager.as("stranger", "GET", "/_ping")).status).to.equal(200);
    connection.end();
  });
});
