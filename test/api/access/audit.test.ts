import { expect } from "chai";
import { pino } from "pino";
import { AuditEntry } from "../../../src/api/access/audit-entry.ts";
import type { Exchange } from "../../../src/api/exchange.ts";
import { until } from "../support.ts";
import { startGuardedManager, type AuditLine, type GuardedManager } from "./support.ts";

describe("api/access audit", () => {
  let manager: GuardedManager;
  let id: string;
  before(async () => {
    manager = await startGuardedManager();
    const body = { Image: "busybox", Cmd: ["cat"], OpenStdin: true, Tty: true, Env: ["SECRET=hunter2"] };
    const created = await manager.as("root", "POST", "/v1.41/containers/create?name=web", { body });
    id = (created.json() as { Id: string }).Id;
    await manager.as("root", "POST", "/containers/web/start");
  });
  after(async () => {
    await manager.as("root", "DELETE", "/containers/web?force=1");
    await manager[Symbol.asyncDispose]();
  });

  /** The lines a request adds, without what is different each time. */
  const linesOf = async (act: () => Promise<unknown>, count: number): Promise<readonly AuditLine[]> => {
    const before = manager.audit().length;
    await act();
    await until(() => manager.audit().length >= before + count);
    return manager
      .audit()
      .slice(before)
      .map(({ level, time, msg, remote, ms, ...line }) => {
        expect([level, msg]).to.deep.equal([30, "audit"]);
        expect(time).to.be.a("number");
        expect(remote).to.match(/^127\.0\.0\.1:\d+$/);
        expect(ms).to.be.at.least(0);
        return line;
      });
  };
  const ask =
    (cn: string, method: string, path: string, headers = {}) =>
    () =>
      manager.as(cn, method, path, { headers });

  it("tells who created what where, and no secrets", () => {
    const [line] = manager.audit();
    expect(line).to.deep.include({
      ...{
        cn: "root",
        ou: [],
        role: "admin",
        method: "POST",
        path: "/containers/create",
        query: { name: "web" },
      },
      ...{ container: id, node: "node-1", image: "busybox", status: 201, outcome: "allowed" },
    });
    expect(manager.log.join("")).not.to.include("hunter2");
  });

  it("has one line for each call that changes something", async () => {
    const lines = await linesOf(ask("olga", "POST", "/v1.41/containers/web/restart?t=1"), 1);
    expect(lines).to.deep.equal([
      {
        ...{
          cn: "olga",
          ou: ["people", "ops"],
          role: "operator",
          method: "POST",
          path: "/containers/web/restart",
        },
        ...{ container: id, name: "web", node: "node-1", status: 204, outcome: "allowed" },
      },
    ]);
  });

  it("has none for what is read, nor for pings", async () => {
    const lines = await linesOf(async () => {
      for (const path of ["/_ping", "/version", "/info", "/containers/json", "/containers/web/json"])
        expect((await manager.as("reader", "GET", path)).status).to.equal(200);
      await manager.as("olga", "POST", "/containers/web/pause");
    }, 1);
    expect(lines.map(({ path }) => path)).to.deep.equal(["/containers/web/pause"]);
    await linesOf(ask("olga", "POST", "/containers/web/unpause"), 1);
  });

  it("has one for each refusal, of reading too", async () => {
    const lines = await linesOf(async () => {
      await manager.as("stranger", "GET", "/info");
      await manager.as("reader", "POST", "/containers/web/exec", { body: { Cmd: ["id"] } });
      await manager.as("ci-1", "GET", "/containers/web/json");
    }, 3);
    expect(lines).to.deep.equal([
      { cn: "stranger", ou: [], role: "none", method: "GET", path: "/info", status: 403, outcome: "denied" },
      {
        ...{ cn: "reader", ou: [], role: "read-only", method: "POST", path: "/containers/web/exec" },
        ...{ container: id, name: "web", node: "node-1", status: 403, outcome: "denied" },
      },
      {
        ...{ cn: "ci-1", ou: [], role: "own", method: "GET", path: "/containers/web/json" },
        ...{ container: id, name: "web", node: "node-1", status: 404, outcome: "denied" },
      },
    ]);
  });

  it("tells what an engine refused", async () => {
    const [line] = await linesOf(ask("root", "POST", "/containers/none/stop"), 1);
    expect(line).to.deep.include({ path: "/containers/none/stop", status: 404, outcome: "allowed" });
  });

  it("says that a stream is open while it is, upgraded or not", async () => {
    for (const [upgrade, status] of [
      ["Connection: Upgrade\r\nUpgrade: tcp\r\n", 101],
      ["", 200],
    ] as const) {
      const connection = await manager.connect("root");
      const lines = await linesOf(() => {
        connection.write(
          `POST /containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
        );
        return connection.sees("\r\n\r\n");
      }, 1);
      expect(lines).to.have.length(1);
      expect(lines[0]).to.deep.include({
        path: "/containers/web/attach",
        name: "web",
        status,
        outcome: "allowed",
      });
      connection.end();
    }
  });

  it("names the exec, and the container it runs in", async () => {
    let exec = "";
    const [made] = await linesOf(async () => {
      const answer = await manager.as("root", "POST", "/containers/web/exec", {
        body: { Cmd: ["echo", "x"], Tty: true },
      });
      exec = (answer.json() as { Id: string }).Id;
    }, 1);
    expect(made).to.deep.include({ exec, name: "web", status: 201 });
    const connection = await manager.connect("root");
    const [started] = await linesOf(async () => {
      connection.write(`POST /exec/${exec}/start HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}`);
      await connection.closed;
    }, 1);
    expect(started).to.deep.include({
      exec,
      container: id,
      name: "web",
      node: "node-1",
      status: 200,
      outcome: "allowed",
    });
    connection.end();
  });

  it("says when a client did not wait for the answer", async () => {
    const connection = await manager.connect("root");
    const [line] = await linesOf(async () => {
      connection.write("POST /containers/web/wait HTTP/1.1\r\nHost: x\r\n\r\n");
      await connection.sees("\r\n\r\n");
      connection.end();
    }, 1);
    expect(line).to.deep.include({
      path: "/containers/web/wait",
      status: 200,
      outcome: "allowed",
      complete: false,
    });
  });

  it("says when a client did not wait for its stream", async () => {
    const [engine] = manager.engines;
    engine?.suspend();
    const connection = await manager.connect("root");
    const [line] = await linesOf(async () => {
      connection.write(
        "POST /containers/web/attach?stream=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
      );
      await manager.as("root", "GET", "/_ping");
      connection.end();
    }, 1);
    engine?.resume();
    expect(line).to.deep.include({ path: "/containers/web/attach", status: 0, complete: false });
  });

  it("tells of a change whose answer waits behind a stream's", async () => {
    const connection = await manager.connect("root");
    const [line] = await linesOf(async () => {
      manager.asked();
      const head = "HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
      connection.write(`GET /events ${head}POST /containers/web/restart ${head}`);
      await until(() => manager.asked().length > 0);
      connection.end();
    }, 1);
    expect(line).to.deep.include({ path: "/containers/web/restart", outcome: "allowed", complete: false });
  });

  it("cannot be made to tell of what did not happen", async () => {
    const path = `/containers/x%0A%1B%5B2J%7B%22msg%22%3A%22audit%22%7D/stop?name=${encodeURIComponent('a\r\n{"msg":"audit"}\u001b[2J\u009b1m\u202e')}`;
    const [line, ...others] = await linesOf(ask("root", "POST", path), 1);
    expect(others).to.deep.equal([]);
    expect(JSON.stringify(line)).to.match(/^[\x20-\x7e]*$/);
    expect(line).to.deep.include({
      path: "/containers/x%0A%1B%5B2J%7B%22msg%22%3A%22audit%22%7D/stop",
      query: { name: 'a\\u{d}\\u{a}{"msg":"audit"}\\u{1b}[2J\\u{9b}1m\\u{202e}' },
    });
  });

  it("names images, and nothing that may be secret", async () => {
    const [line] = await linesOf(
      ask("root", "POST", "/images/create?fromImage=alpine&tag=latest&password=hunter2", {
        "X-Registry-Auth": "hunter2",
      }),
      1,
    );
    expect(line).to.deep.include({ path: "/images/create", query: { fromImage: "alpine", tag: "latest" } });
    expect(manager.log.join("")).not.to.include("hunter2");
  });
});

describe("api/access/audit-entry", () => {
  const written = (write: (entry: AuditEntry) => void): readonly AuditLine[] => {
    const lines: string[] = [];
    const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
    const req = { socket: {}, method: "POST", url: "/build?buildargs=x" };
    const exchange = { req, query: new URLSearchParams("buildargs=x") } as unknown as Exchange;
    write(new AuditEntry(log, { client: undefined, role: "none", exchange, facts: {} }));
    return lines.map((line) => JSON.parse(line) as AuditLine);
  };

  it("is one line, whatever comes later", () => {
    const lines = written((entry) => {
      entry.opened(101);
      entry.ended(200, true);
      entry.denied(403);
    });
    expect(lines.map(({ status, outcome }) => [status, outcome])).to.deep.equal([[101, "allowed"]]);
  });

  it("is of a local client without a certificate, too", () => {
    const [line] = written((entry) => entry.denied(403));
    expect(line).to.deep.include({ cn: "", ou: [], role: "none", remote: "local", path: "/build" });
    expect(line).not.to.have.property("query");
  });

  it("keeps long texts short", () => {
    const [line] = written((entry) => {
      entry.note({ image: "x".repeat(10_000) });
      entry.ended(201, true);
    });
    expect(line?.image).to.have.length(257);
  });
});
