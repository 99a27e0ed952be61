import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { expect } from "chai";
import { startFleet, startSimulatedEngine, type SimulatedEngine } from "../../bench/fleet/index.ts";
import { messageOf, request } from "./request.ts";

describe("fleet/faults", () => {
  let engine: SimulatedEngine;
  beforeEach(async () => {
    engine = await startSimulatedEngine({ name: "node-1", containers: 2 });
  });
  afterEach(() => engine.dispose());
  const ping = () => request(engine.addr, "GET", "/_ping");

  /** Another engine's answer: time enough for this one to have answered if it were to. */
  const othersRoundTrip = async (): Promise<void> => {
    await using other = await startSimulatedEngine({ name: "node-2" });
    await request(other.addr, "GET", "/_ping");
  };

  // prettier-ignore
  const versions = [
    { path: "/v1.41/info", status: 200, text: "" },
    { path: "/v1.12/info", status: 200, text: "" },
    { path: "/v1.99/info", status: 400, text: "client version 1.99 is too new. Maximum supported API version is 1.41" },
    { path: "/v1.1/info",  status: 400, text: "client version 1.1 is too old. Minimum supported API version is 1.12, please upgrade your client to a newer version" },
  ];
  for (const { path, status, text } of versions) {
    it(`answers ${status} to ${path}`, async () => {
      const answer = await request(engine.addr, "GET", path);
      expect(answer.status).to.equal(status);
      expect(answer.body).to.include(text);
      expect(answer.headers["api-version"]).to.equal("1.41");
    });
  }

  it("answers GET and HEAD /_ping with the headers clients negotiate by", async () => {
    const headers = {
      "api-version": "1.41",
      ostype: "linux",
      "docker-experimental": "false",
      pragma: "no-cache",
    };
    const get = await ping();
    const head = await request(engine.addr, "HEAD", "/_ping");
    expect(get.body).to.equal("OK");
    expect(get.headers).to.include({ ...headers, "content-length": "2" });
    expect(head.headers).to.include({ ...headers, "content-length": "0" });
  });

  it("accepts but does not answer while suspended, and answers then", async () => {
    engine.suspend();
    let answered = false;
    const waiting = ping().then((answer) => {
      answered = true;
      return answer;
    });
    await othersRoundTrip();
    expect(answered).to.equal(false);
    engine.resume();
    expect((await waiting).body).to.equal("OK");
  });

  it("does nothing of what is asked on an open connection while suspended", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const send = (method: string, path: string, body = ""): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const req = httpRequest(`http://${engine.addr}${path}`, { method, agent }, (res) => {
          res.resume().on("end", () => resolve(res.statusCode));
        });
        req.on("error", reject).end(body);
      });
    await send("GET", "/_ping");
    engine.suspend();
    const creating = send("POST", "/containers/create", '{"Image":"busybox"}');
    await othersRoundTrip();
    expect(engine.containers.size).to.equal(2);
    engine.resume();
    expect(await creating).to.equal(201);
    expect(engine.containers.size).to.equal(3);
    agent.destroy();
  });

  it("holds its event streams back while suspended", async () => {
    const events = await new Promise<IncomingMessage>((resolve) => {
      httpRequest(`http://${engine.addr}/events`, { agent: false }, resolve).end();
    });
    let seen = "";
    events.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    engine.suspend();
    engine.addContainer({ name: "late" }, true);
    await othersRoundTrip();
    expect(seen).to.equal("");
    engine.resume();
    await once(events, "data");
    expect(seen).to.include('"name":"late"');
    events.destroy();
  });

  it("cuts every connection when hung up, and is back at the same address with what it knew", async () => {
    const { addr } = engine;
    const events = await new Promise<IncomingMessage>((resolve) => {
      httpRequest(`http://${addr}/events`, { agent: false }, resolve).end();
    });
    events.on("error", () => undefined);
    const cut = new Promise((resolve) => events.once("close", resolve));
    await engine.hangUp();
    await cut;
    const refused = await ping().catch((error: unknown) => (error as NodeJS.ErrnoException).code);
    expect(refused).to.equal("ECONNREFUSED");
    await engine.revive();
    expect(engine.addr).to.equal(addr);
    const list = await request(addr, "GET", "/containers/json");
    expect(JSON.parse(list.body)).to.have.length(2);
  });

  it("fails the next request of a route as told, once", async () => {
    engine.failNext("POST /containers/create", 500, "no space left on device");
    const create = () => request(engine.addr, "POST", "/containers/create", { Image: "busybox" });
    const failed = await create();
    expect(failed.status).to.equal(500);
    expect(messageOf(failed)).to.equal("no space left on device");
    expect((await create()).status).to.equal(201);
    expect(() => engine.failNext("POST /nope", 500, "")).to.throw("no such route");
  });

  it("counts and remembers requests by route", async () => {
    await ping();
    await request(engine.addr, "GET", `/v1.41/containers/${engine.container("c0-node-1").id}/json`);
    await request(engine.addr, "GET", "/containers/c1-node-1/json");
    expect(engine.count("GET /containers/:id/json")).to.equal(2);
    expect(engine.requests.map(({ route }) => route)).to.deep.equal([
      "GET /_ping",
      "GET /containers/:id/json",
      "GET /containers/:id/json",
    ]);
  });

  it("shows a clock that is off", async () => {
    engine.setClockDelta(3_600_000);
    const info = JSON.parse((await request(engine.addr, "GET", "/info")).body) as { SystemTime: string };
    expect(Date.parse(info.SystemTime) - Date.now()).to.be.within(3_590_000, 3_610_000);
  });

  it("starts many engines with names, IDs and containers of their own", async () => {
    await using fleet = await startFleet(20, (index) => ({
      containers: 30,
      labels: { rack: String(index % 4) },
    }));
    expect(new Set(fleet.engines.map(({ id }) => id)).size).to.equal(20);
    const ids = fleet.engines.flatMap(({ containers }) => [...containers.keys()]);
    expect(new Set(ids).size).to.equal(600);
    expect(fleet.discovery.split(",")).to.have.length(20);
    expect(fleet.engines[4]?.name).to.equal("node-5");
  });
});
