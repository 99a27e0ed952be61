import { expect } from "chai";
import { request, silence, until } from "../support.ts";
import { POLICY, startGuardedManager, type GuardedConnection, type GuardedManager } from "./support.ts";

describe("api/access reload", () => {
  let manager: GuardedManager;
  before(async () => {
    manager = await startGuardedManager();
  });
  after(() => manager[Symbol.asyncDispose]());
  beforeEach(async () => {
    manager.log.length = 0;
    const body = { Image: "busybox", Cmd: ["cat"], OpenStdin: true, Tty: true, Labels: { owner: "ci" } };
    await manager.as("root", "POST", "/containers/create?name=web", { body });
    await manager.as("root", "POST", "/containers/web/start");
  });
  afterEach(async () => {
    manager.setPolicy(POLICY);
    await manager.as("root", "DELETE", "/containers/web?force=1");
  });
  const status = async (cn: string, method = "POST", path = "/containers/web/restart"): Promise<number> =>
    (await manager.as(cn, method, path)).status;
  const root = { cn: "root", role: "admin" };
  const open = async (cn: string, request: string): Promise<GuardedConnection> => {
    const connection = await manager.connect(cn);
    connection.write(`${request} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await connection.sees("\r\n\r\n");
    expect(connection.text()).to.match(/^HTTP\/1\.1 (200|101)/);
    return connection;
  };

  it("takes a right away from connections that are open already, and gives another", async () => {
    expect([await status("olga"), await status("reader")]).to.deep.equal([204, 403]);
    manager.setPolicy({
      rules: [root, { cn: "reader", role: "operator" }, { ou: "ops", role: "read-only" }],
    });
    expect([await status("olga"), await status("reader")]).to.deep.equal([403, 204]);
  });

  for (const [what, broken] of [
    ["no JSON", "{"],
    ["an unknown role", { rules: [{ cn: "root", role: "boss" }] }],
    ["nothing", ""],
  ] as const) {
    it(`keeps what was in force when the file holds ${what}, and says so`, async () => {
      manager.setPolicy(broken);
      expect([await status("olga"), await status("reader"), await status("stranger")]).to.deep.equal([
        204, 403, 403,
      ]);
      expect(manager.log.join("")).to.match(
        /authorization policy \S+policy\.json: .*authorization policy not read again/,
      );
    });
  }

  const attach = "POST /containers/web/attach?stream=1&stdin=1&stdout=1";
  // prettier-ignore
  const cuts = [
    { it: "an attach",           cn: "root", request: attach,                               now: { cn: "root", role: "operator" } },
    { it: "an attach to its own", cn: "ci-1", request: attach,                              now: { cn: "ci-1", role: "operator" } },
    { it: "events",              cn: "reader", request: "GET /events",                      now: { cn: "reader", role: "none" } },
    { it: "logs",                cn: "reader", request: "GET /containers/web/logs?follow=1&stdout=1", now: { cn: "reader", role: "own", label: "owner=ci" } },
    { it: "a wait",              cn: "olga", request: "POST /containers/web/wait",          now: { cn: "olga", role: "read-only" } },
    { it: "another label's events", cn: "ci-1", request: "GET /events",                     now: { cn: "ci-1", role: "own", label: "owner=other" } },
  ];
  for (const { it: what, cn, request, now } of cuts) {
    it(`cuts off ${what} whose client may no longer have it`, async () => {
      const connection = await open(cn, request);
      manager.setPolicy({ rules: [now] });
      await connection.closed;
      await until(() => manager.log.some((line) => line.includes("cut off a request")));
    });
  }

  // prettier-ignore
  const stays = [
    { it: "an attach",            cn: "root", request: attach,        now: { cn: "root", role: "admin" } },
    { it: "an attach to its own", cn: "ci-1", request: attach,        now: { cn: "ci-*", role: "own", label: "owner=ci" } },
    { it: "events",               cn: "olga", request: "GET /events", now: { cn: "olga", role: "read-only" } },
  ];
  for (const { it: what, cn, request, now } of stays) {
    it(`lets ${what} go on where the right is still there`, async () => {
      const connection = await open(cn, request);
      manager.setPolicy({ rules: [now] });
      manager.setPolicy(POLICY);
      if (request === attach) {
        connection.write("still here\n");
        await until(() => connection.text().includes("still here"));
      }
      await manager.as("root", "POST", "/containers/web/kill");
      await until(() => request === attach || connection.text().includes('"die"'));
      expect(manager.log.join("")).not.to.include("cut off");
      connection.end();
    });
  }

  it("does not let a request through that was begun under a policy that is gone", async () => {
    const connection = await manager.connect("ci-1");
    const body = '{"Image":"busybox"}';
    connection.write(
      `POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    );
    await manager.as("reader", "GET", "/_ping");
    await new Promise((resolve) => setImmediate(resolve));
    manager.asked();
    manager.setPolicy({ rules: [root] });
    connection.write(body.slice(5));
    await connection.closed;
    expect(connection.text()).not.to.include(" 201 ");
    expect(manager.asked()).to.deep.equal([]);
  });

  it("does not let one through either that was looking for its own meanwhile", async () => {
    const [engine] = manager.engines;
    if (engine === undefined) throw new Error("there is no engine");
    // An exec the manager does not know of.
    silence(engine);
    const [host = "", port = ""] = engine.addr.split(":");
    expect(host).to.equal("127.0.0.1");
    const made = await request(Number(port), "POST", "/containers/web/exec", { body: { Cmd: ["cat"] } });
    Reflect.deleteProperty(engine.state.events, "record");
    const { Id } = made.json() as { Id: string };
    engine.suspend();
    const connection = await manager.connect("ci-1");
    connection.write(`POST /exec/${Id}/resize?h=1&w=1 HTTP/1.1\r\nHost: x\r\n\r\n`);
    await manager.as("reader", "GET", "/_ping");
    manager.setPolicy({ rules: [root] });
    await connection.closed;
    manager.asked();
    engine.resume();
    await until(() =>
      manager.audit().some(({ path, outcome }) => path === `/exec/${Id}/resize` && outcome === "denied"),
    );
    expect(manager.asked().filter((line) => line.includes("resize"))).to.deep.equal([]);
  });
});
