import { expect } from "chai";
import { eventually } from "../lab/eventually.ts";
import { rawConnection, silence, startManager, type TestManager } from "./support.ts";

describe("api/exec and attach", () => {
  let manager: TestManager;
  beforeEach(async () => {
    manager = await startManager();
    await manager.run({ Cmd: ["cat"], OpenStdin: true, Tty: true }, "web");
  });
  afterEach(() => manager[Symbol.asyncDispose]());
  const ask: TestManager["ask"] = (method, path, given) => manager.ask(method, path, given);
  const createExec = async (body: Record<string, unknown> = {}): Promise<string> => {
    const given = { Cmd: ["echo", "hello"], AttachStdout: true, Tty: true, ...body };
    const answer = await ask("POST", "/v1.41/containers/web/exec", { body: given });
    expect(answer.status, answer.text).to.equal(201);
    expect(Object.keys(answer.fields())).to.deep.equal(["Id"]);
    expect(answer.text.endsWith("}\n")).to.equal(true);
    return (answer.json() as { Id: string }).Id;
  };
  const post = (path: string, body: string, headers = ""): string =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const UPGRADE = "Connection: Upgrade\r\nUpgrade: tcp\r\n";

  // prettier-ignore
  const refusals = [
    { it: "an empty body",      body: "",               status: 400, text: "EOF" },
    { it: "no command",         body: "{}",             status: 400, text: "No exec command specified" },
    { it: "an empty command",   body: '{"Cmd":[]}',     status: 400, text: "No exec command specified" },
    { it: "a command text",     body: '{"Cmd":"ls"}',   status: 400, text: "No exec command specified" },
  ];
  for (const { it: what, body, status, text } of refusals) {
    it(`refuses ${what}`, async () => {
      const answer = await ask("POST", "/containers/web/exec", { body });
      expect([answer.status, answer.message]).to.deep.equal([status, text]);
    });
  }

  it("keeps the engine's 409 for a container that does not run", async () => {
    await ask("POST", "/containers/web/kill");
    const answer = await ask("POST", "/containers/web/exec", { body: { Cmd: ["ls"] } });
    expect(answer.status).to.equal(409);
    expect(answer.message).to.match(/^Container [0-9a-f]{64} is not running$/);
  });

  it("starts with the connection handed over", async () => {
    const id = await createExec();
    const connection = await rawConnection(manager.port);
    connection.socket.write(post(`/v1.41/exec/${id}/start`, '{"Detach":false,"Tty":true}', UPGRADE));
    await connection.closed;
    expect(connection.text()).to.match(/^HTTP\/1\.1 101 UPGRADED\r\n.*\r\n\r\nhello\n$/s);
    expect((await ask("GET", `/exec/${id}/json`)).fields()).to.include({ Running: false, ExitCode: 0 });
    connection.socket.destroy();
  });

  it("opens the engine's connection for the start while the exec is created", async () => {
    const open = (): number => manager.engines.reduce((sum, { connections }) => sum + connections, 0);
    await createExec();
    const before = open();
    const id = await createExec({ Cmd: ["cat"], AttachStdin: true });
    await eventually("one more is open", () => open() === before + 1);
    const connection = await rawConnection(manager.port);
    connection.socket.write(post(`/exec/${id}/start`, '{"Tty":true}', UPGRADE));
    await eventually("it is started", () => connection.text().startsWith("HTTP/1.1 101"));
    expect(open()).to.equal(before + 1);
    connection.socket.destroy();
    await eventually("it is closed", () => open() === before);
  });

  it("starts without an upgrade, as old clients ask", async () => {
    const id = await createExec();
    const connection = await rawConnection(manager.port);
    connection.socket.write(post(`/exec/${id}/start`, '{"Tty":true}'));
    await connection.closed;
    expect(connection.text()).to.match(/^HTTP\/1\.1 200 OK\r\n.*raw-stream\r\n\r\nhello\n$/s);
    connection.socket.destroy();
  });

  it("starts detached with an ordinary answer, once", async () => {
    const id = await createExec();
    const answer = await ask("POST", `/exec/${id}/start`, { body: { Detach: true } });
    expect([answer.status, answer.text]).to.deep.equal([200, ""]);
    expect(manager.engines.reduce((sum, engine) => sum + engine.count("POST /exec/:id/start"), 0)).to.equal(
      1,
    );
    expect((await ask("POST", `/exec/${id}/start`, { body: { Detach: true } })).status).to.equal(409);
  });

  it("resizes", async () => {
    const id = await createExec();
    expect((await ask("POST", `/exec/${id}/resize?h=10&w=10`)).status).to.equal(200);
  });

  it("finds an exec made behind its back by asking the engines", async () => {
    const engine = manager.engines[0]!;
    const { id } = engine.container("web");
    silence(engine);
    const made = await fetch(`http://${engine.addr}/containers/${id}/exec`, {
      method: "POST",
      body: '{"Cmd":["true"]}',
    });
    const { Id } = (await made.json()) as { Id: string };
    const answer = await ask("GET", `/exec/${Id}/json`);
    expect(answer.fields()).to.include({ ID: Id, ContainerID: id });
  });

  it("answers 404 to an exec nobody knows", async () => {
    for (const [method, path] of [
      ["GET", "/exec/nope/json"],
      ["POST", "/exec/nope/start"],
      ["POST", "/exec/nope/resize?h=1&w=1"],
    ] as const) {
      const answer = await ask(method, path, method === "POST" ? { body: {} } : {});
      expect([answer.status, answer.message], path).to.deep.equal([404, "Exec nope not found"]);
    }
  });

  // prettier-ignore
  const attaches = [
    { it: "with an upgrade",                            headers: UPGRADE, status: "101 UPGRADED" },
    { it: "without an upgrade, as old clients ask",     headers: "",      status: "200 OK" },
  ];
  for (const { it: what, headers, status } of attaches) {
    it(`attaches ${what}, both ways`, async () => {
      const connection = await rawConnection(manager.port);
      connection.socket.write(
        `POST /v1.41/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${headers}\r\n`,
      );
      await connection.sees("\r\n\r\n");
      connection.socket.write("ping pong\n");
      await connection.sees("\r\n\r\nping pong\n");
      expect(connection.text()).to.match(new RegExp(`^HTTP/1\\.1 ${status}\r\n`));
      await ask("POST", "/containers/web/kill");
      await connection.closed;
      connection.socket.destroy();
    });
  }

  it("answers an attach that fails with the engine's own error", async () => {
    await ask("POST", "/containers/web/pause");
    const connection = await rawConnection(manager.port);
    connection.socket.write(`POST /containers/web/attach?stream=1 HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n`);
    await connection.closed;
    expect(connection.text())
      .to.match(/^HTTP\/1\.1 409 /)
      .and.to.include("is paused");
    connection.socket.destroy();
  });
});

describe("api/engines that fail", () => {
  let manager: TestManager;
  beforeEach(async () => {
    manager = await startManager({
      config: { engine: { refreshMinMs: 20, refreshMaxMs: 20, failureRetry: 1 } },
    });
    await manager.run({ Env: ["constraint:node==node-1"] }, "web");
  });
  afterEach(() => manager[Symbol.asyncDispose]());

  it("says so in a 500 when the owner is unhealthy, and serves again when it is back", async () => {
    const [engine] = manager.engines;
    await engine!.hangUp();
    const text = "Container web running on unhealthy node node-1";
    const message = async (): Promise<string> => {
      const answer = await manager.ask("GET", "/containers/web/top");
      return answer.status === 500 ? answer.message : "";
    };
    while ((await message()) !== text);
    for (const [method, path] of [
      ["GET", "json"],
      ["POST", "start"],
      ["POST", "stop"],
      ["POST", "exec"],
      ["POST", "attach"],
      ["POST", "wait"],
    ] as const) {
      const answer = await manager.ask(method, `/containers/web/${path}`);
      expect([answer.status, answer.message], path).to.deep.equal([500, text]);
    }
    const [entry] = (await manager.ask("GET", "/containers/json?all=1")).json() as { Status: string }[];
    expect(entry?.Status).to.equal("Host Down");
    await engine!.revive();
    while ((await manager.ask("GET", "/containers/web/json")).status !== 200);
  });

  it("cuts the client's stream when the engine dies in the middle of it", async () => {
    const stream = await fetch(`http://127.0.0.1:${manager.port}/containers/web/logs?stdout=1&follow=1`);
    expect(stream.status).to.equal(200);
    await manager.engines[0]!.hangUp();
    const end = await stream.text().then(
      () => "complete",
      () => "cut",
    );
    expect(end).to.equal("cut");
  });

  it("answers 500 in JSON when the engine dies before it has answered", async () => {
    const [engine] = manager.engines;
    engine!.suspend();
    const answer = manager.ask("POST", "/containers/web/stop");
    await manager.ask("GET", "/_ping");
    await engine!.hangUp();
    expect((await answer).status).to.equal(500);
    expect((await answer).message).to.not.equal("");
  });

  it("ends a wait with what happened", async () => {
    const wait = await fetch(`http://127.0.0.1:${manager.port}/containers/web/wait`, { method: "POST" });
    await manager.engines[0]!.hangUp();
    const body = (await wait.json()) as { StatusCode: number; Error: { Message: string } };
    expect(body.StatusCode).to.equal(-1);
    expect(body.Error.Message).to.not.equal("");
  });

  it("leaves out what a removed engine had", async () => {
    manager.setEngines(manager.engines.slice(1));
    while ((await manager.ask("GET", "/containers/json?all=1")).text !== "[]\n");
    expect((await manager.ask("GET", "/containers/web/json")).status).to.equal(404);
  });
});
