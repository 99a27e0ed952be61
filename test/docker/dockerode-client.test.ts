import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import type { ServerResponse } from "node:http";
import { expect } from "chai";
import type { DockerodeClient } from "../../src/docker/dockerode-client.ts";
import {
  CANCELLED,
  EngineResponseError,
  EngineUnreachableError,
  type EventFeed,
} from "../../src/docker/engine-client.ts";
import type { EngineEvent } from "../../src/docker/types.ts";
import { json, startWire, type Arrived, type Wire } from "./wire-server.ts";

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => expect.fail(`resolved with ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );

async function unreachable(promise: Promise<unknown>): Promise<EngineUnreachableError> {
  const error = await rejection(promise);
  expect(error).to.be.instanceOf(EngineUnreachableError);
  return error as EngineUnreachableError;
}

async function refused(promise: Promise<unknown>): Promise<EngineResponseError> {
  const error = await rejection(promise);
  expect(error).to.be.instanceOf(EngineResponseError);
  return error as EngineResponseError;
}

describe("docker/dockerode-client", () => {
  let wire: Wire;
  afterEach(() => wire[Symbol.asyncDispose]());

  describe("asks", () => {
    const ID = "a".repeat(64);
    const container = { Id: ID, State: {}, HostConfig: {}, Config: {} };
    interface Asked {
      readonly what: string;
      readonly ask: (client: DockerodeClient) => Promise<unknown>;
      readonly line: string;
      readonly answer?: unknown;
      readonly body?: string;
    }
    const odd = "/v1.30/x?a=b%2Fc&filters=%7B%22id%22%3A%5B%22%26%22%5D%7D&e=";
    // prettier-ignore
    const cases: readonly Asked[] = [
      { what: "info without a version",         ask: (c) => c.info(),                 line: "GET /info" },
      { what: "version without a version",      ask: (c) => c.version(),              line: "GET /version" },
      { what: "all containers",                 ask: async (c) => (await c.listAllContainers()).entries(), line: "GET /v1.41/containers/json?all=1", answer: [] },
      { what: "for one container",              ask: (c) => c.listContainers(["abc"]),  line: "GET /v1.41/containers/json?all=1&filters=%7B%22id%22%3A%5B%22abc%22%5D%7D", answer: [] },
      { what: "for a container's details",      ask: (c) => c.inspectContainer(ID),   line: `GET /v1.41/containers/${ID}/json`, answer: container },
      { what: "for a container with an odd id", ask: (c) => c.inspectContainer("a/b?c"), line: "GET /v1.41/containers/a%2Fb%3Fc/json", answer: container },
      { what: "all images",                     ask: (c) => c.listImages(),           line: "GET /v1.41/images/json?all=1", answer: [] },
      { what: "all networks",                   ask: (c) => c.listNetworks(),         line: "GET /v1.41/networks", answer: [] },
      { what: "all volumes",                    ask: (c) => c.listVolumes(),          line: "GET /v1.41/volumes" },
      { what: "for an exec",                    ask: (c) => c.inspectExec("e1"),      line: "GET /v1.41/exec/e1/json" },
      { what: "to remove by force",             ask: (c) => c.removeContainer("c1", { force: true }), line: "DELETE /v1.41/containers/c1?force=1&v=0" },
      { what: "to remove with volumes",         ask: (c) => c.removeContainer("c1", { volumes: true }), line: "DELETE /v1.41/containers/c1?force=0&v=1" },
      { what: "to pull",                        ask: (c) => c.pullImage({ fromImage: "a/b", tag: "1" }), line: "POST /v1.41/images/create?fromImage=a%2Fb&tag=1" },
      { what: "to pull for a platform",         ask: (c) => c.pullImage({ fromImage: "b", tag: "", platform: "linux/arm64" }), line: "POST /v1.41/images/create?fromImage=b&tag=&platform=linux%2Farm64" },
      { what: "a registry",                     ask: (c) => c.distributionOsTypes("r:5000/a/b@sha256:1", undefined), line: "GET /v1.41/distribution/r%3A5000/a/b%40sha256%3A1/json" },
      { what: "anything, in the version given", ask: (c) => c.request({ method: "GET", path: "/v1.30/x" }), line: "GET /v1.30/x" },
      { what: "anything, with its query",       ask: (c) => c.request({ method: "GET", path: odd }), line: `GET ${odd}` },
      { what: "with a body",                    ask: (c) => c.request({ method: "POST", path: "/v1.30/x", body: { a: 1 } }), line: "POST /v1.30/x", body: '{"a":1}' },
      { what: "with a body and a query",        ask: (c) => c.request({ method: "POST", path: "/v1.30/x?a=b", body: { _query: { c: 1 } } }), line: "POST /v1.30/x?a=b", body: '{"_query":{"c":1}}' },
      { what: "with an empty body",             ask: (c) => c.request({ method: "POST", path: "/x", body: {} }), line: "POST /x", body: "{}" },
      { what: "without a body",                 ask: (c) => c.send("POST", "/v1.30/x?a=b"), line: "POST /v1.30/x?a=b", body: "" },
      { what: "with a query that ends in &",    ask: (c) => c.send("POST", "/x?a=b&"),      line: "POST /x?a=b&" },
    ];
    for (const { what, ask, line, answer = {}, body } of cases) {
      it(`${what}: ${line}`, async () => {
        wire = await startWire((res) => json(res, answer));
        wire.client.useApiVersion("1.41");
        await ask(wire.client);
        const [arrived] = wire.arrived as [Arrived];
        expect(`${arrived.method} ${arrived.url}`).to.equal(line);
        if (body !== undefined) expect(arrived.body).to.equal(body);
        if (body?.startsWith("{")) expect(arrived.headers["content-type"]).to.equal("application/json");
      });
    }

    it("passes registry credentials on as they are", async () => {
      wire = await startWire((res) => json(res, {}));
      await wire.client.pullImage({ fromImage: "a", tag: "b", registryAuth: "eyJ9" });
      expect(wire.arrived[0]?.headers["x-registry-auth"]).to.equal("eyJ9");
    });

    for (const image of ["../../containers/x", "a//b", "/a", ""]) {
      it(`does not ask a registry for ${JSON.stringify(image)}`, async () => {
        wire = await startWire((res) => json(res, {}));
        expect((await refused(wire.client.distributionOsTypes(image, undefined))).status).to.equal(400);
        expect(wire.arrived).to.deep.equal([]);
      });
    }

    it("does not take a path for another host", async () => {
      wire = await startWire((res) => json(res, {}));
      expect((await refused(wire.client.request({ method: "GET", path: "//127.0.0.2/x" }))).status).to.equal(
        400,
      );
    });
  });

  describe("reads", () => {
    // prettier-ignore
    const lists = [
      { it: "null as an empty list",            answer: "null",                                   ids: [] },
      { it: "entries without an ID as nothing", answer: '[null,{"Id":"a"},5,{"Id":7},{},{"Id":"b"}]', ids: ["a", "b"] },
    ];
    for (const { it: title, answer, ids } of lists) {
      it(title, async () => {
        wire = await startWire((res) => res.end(answer));
        expect((await wire.client.listAllContainers()).entries().map(({ Id }) => Id)).to.deep.equal(ids);
      });
    }

    for (const answer of ["", "<html>", '"text"', "{}", "17"]) {
      it(`${JSON.stringify(answer)} as no list`, async () => {
        wire = await startWire((res) => res.end(answer));
        const error = await refused(wire.client.listAllContainers().then((listing) => listing.entries()));
        expect(error.message).to.equal(
          `${wire.addr} did not answer GET /containers/json?all=1 with the JSON expected: is it a Docker Engine?`,
        );
      });
    }

    for (const answer of ["null", "[]", "{}", '{"Id":"a","State":null,"HostConfig":{},"Config":{}}']) {
      it(`${answer} as no container`, async () => {
        wire = await startWire((res) => res.end(answer));
        expect((await refused(wire.client.inspectContainer("a"))).status).to.equal(500);
      });
    }

    for (const { what, ask, answers } of [
      {
        what: "images",
        ask: (client: DockerodeClient): Promise<readonly unknown[]> => client.listImages(),
        answers: ['[{"Id":"a"}]', '[{"Id":"b"}]'],
      },
      {
        what: "networks",
        ask: (client: DockerodeClient): Promise<readonly unknown[]> => client.listNetworks(),
        answers: ['[{"Id":"a","Name":"x"}]', '[{"Id":"a","Name":"y"}]'],
      },
      {
        what: "volumes",
        ask: (client: DockerodeClient): Promise<readonly unknown[]> => client.listVolumes(),
        answers: ['{"Volumes":[{"Name":"a"}]}', '{"Volumes":[{"Name":"b"}]}'],
      },
    ]) {
      it(`${what} once, as long as the engine says the same`, async () => {
        const [first = "", second = ""] = answers;
        let answer = first;
        wire = await startWire((res) => res.end(answer));
        const before = await ask(wire.client);
        expect(before).to.have.length(1);
        expect(await ask(wire.client)).to.equal(before);
        answer = second;
        const changed = await ask(wire.client);
        expect(changed).to.have.length(1);
        expect(changed).to.not.deep.equal(before);
        answer = "17";
        expect((await refused(ask(wire.client))).status).to.equal(500);
        answer = first;
        expect(await ask(wire.client)).to.deep.equal(before);
      });
    }

    it("volumes that are null as none", async () => {
      wire = await startWire((res) => json(res, { Volumes: null }));
      expect(await wire.client.listVolumes()).to.deep.equal([]);
    });

    it("each operating system of an image once", async () => {
      const Platforms = [{ os: "linux" }, { os: "windows" }, {}, null, { os: "linux" }];
      wire = await startWire((res) => json(res, { Platforms }));
      expect(await wire.client.distributionOsTypes("a", undefined)).to.deep.equal(["linux", "windows"]);
    });

    it("an exec the engine does not know as undefined", async () => {
      wire = await startWire((res) => json(res, { message: "no such exec" }, 404));
      expect(await wire.client.inspectExec("x")).to.equal(undefined);
    });

    for (const status of [204, 304] as const) {
      it(`${status} of a start`, async () => {
        wire = await startWire((res) => res.writeHead(status).end());
        expect(await wire.client.startContainer("/x")).to.equal(status);
      });
    }

    it("a failed pull as an error with its text", async () => {
      wire = await startWire((res) =>
        res.end('{"status":"Pulling"}\n{"errorDetail":{},"error":"no space"}\n'),
      );
      const error = await refused(wire.client.pullImage({ fromImage: "a", tag: "b" }));
      expect(error.message).to.equal("no space");
    });
  });

  describe("when the engine refuses", () => {
    // prettier-ignore
    const cases = [
      { it: "keeps Docker's message",           status: 409, body: '{"message":"name in use"}',  message: "name in use" },
      { it: "keeps a text",                     status: 400, body: "client version is too old\n", message: "client version is too old" },
      { it: "has words for an empty answer",    status: 500, body: "",                           message: "the engine answered with status 500" },
      { it: "keeps JSON that is not Docker's",  status: 502, body: "[1]",                        message: "[1]" },
      { it: "keeps a part of an endless page",  status: 502, body: "x".repeat(9_000),            message: "x".repeat(4_096) },
    ];
    for (const { it: title, status, body, message } of cases) {
      it(title, async () => {
        wire = await startWire((res) => res.writeHead(status).end(body));
        for (const promise of [wire.client.ping(), wire.client.pullImage({ fromImage: "a", tag: "b" })]) {
          expect(await refused(promise)).to.include({ status, message });
        }
      });
    }
  });

  describe("when there is no answer", () => {
    const short = { deadlines: { probe: 20, call: 20, list: 20, work: 20 } };
    const half = (res: ServerResponse): void => void res.writeHead(200, { "Content-Length": 100 }).write("{");
    // prettier-ignore
    const cases: readonly { it: string; answer: (res: ServerResponse) => void; code: string; reason: RegExp; options?: object }[] = [
      { it: "is reset before the answer",  answer: (res) => void res.socket?.resetAndDestroy(),     code: "ECONNRESET", reason: /ECONNRESET|hang up/ },
      { it: "is closed before the answer", answer: (res) => void res.socket?.destroy(),             code: "ECONNRESET", reason: /hang up/ },
      { it: "is reset in the answer",      answer: (res) => { half(res); setImmediate(() => res.socket?.resetAndDestroy()); }, code: "ECONNRESET", reason: /ECONNRESET|aborted/ },
      { it: "is closed in the answer",     answer: (res) => { half(res); setImmediate(() => res.socket?.end()); },             code: "ECONNRESET", reason: /aborted/ },
      { it: "is not HTTP",                 answer: (res) => void res.socket?.end("SSH-2.0-x\r\n"),  code: "HPE_INVALID_CONSTANT", reason: /Parse Error/ },
      { it: "never answers",               answer: () => undefined,                                 code: "ETIMEDOUT",  reason: /no answer in time/, options: short },
      { it: "stops in the answer",         answer: half,                                            code: "ETIMEDOUT",  reason: /no answer in time/, options: short },
    ];
    for (const { it: title, answer, code, reason, options } of cases) {
      it(`says so, if it ${title}`, async () => {
        wire = await startWire(answer, options);
        for (const ask of [() => wire.client.info(), () => wire.client.send("POST", "/x")]) {
          const error = await unreachable(ask());
          expect(error.code).to.equal(code);
          expect(error.message).to.match(reason);
          expect(error.message).to.include(
            `Cannot connect to the Docker daemon at tcp://${wire.addr}. Is the docker daemon running?`,
          );
        }
      });
    }

    it("waits on for what may take its time", async () => {
      const held = new Map<string, ServerResponse>();
      wire = await startWire((res, { url }) => void held.set(url, res), short);
      const patient = wire.client.request({ method: "POST", path: "/slow", patient: true });
      await unreachable(wire.client.request({ method: "POST", path: "/quick" })); // its deadline came later
      json(held.get("/slow")!, { SpaceReclaimed: 1 });
      expect(await patient).to.deep.equal({ SpaceReclaimed: 1 });
    });

    it("says so, if nobody listens", async () => {
      const closed = createServer().listen(0, "127.0.0.1");
      await once(closed, "listening");
      const { port } = closed.address() as AddressInfo;
      closed.close();
      wire = await startWire(() => undefined, { port });
      expect((await unreachable(wire.client.ping())).code).to.equal("ECONNREFUSED");
    });

    it("says so, if a pull breaks off", async () => {
      wire = await startWire((res) => {
        res.write('{"status":"Pulling"}\n');
        setImmediate(() => res.socket?.end());
      });
      await unreachable(wire.client.pullImage({ fromImage: "a", tag: "b" }));
    });

    it("refuses an answer that is too large, and lets go of the connection", async () => {
      wire = await startWire((res) => res.end("x".repeat(1_000)), { maxAnswerBytes: 100 });
      expect((await refused(wire.client.info())).message).to.include("more than 100 bytes");
      await Promise.all([...wire.sockets].map((socket) => once(socket, "close")));
    });
  });

  describe("when given up", () => {
    it("ends a call with the caller's signal, also one that has not begun", async () => {
      const gone = new AbortController();
      wire = await startWire(() => gone.abort());
      const { signal } = gone;
      const ask = () => wire.client.request({ method: "GET", path: "/x", signal });
      for (const error of [await unreachable(ask()), await unreachable(ask())]) {
        expect(error).to.include({ code: CANCELLED, message: "the request was cancelled" });
      }
      expect(wire.arrived).to.have.length(1);
    });

    it("ends every call when the engine is given up, and begins no more", async () => {
      const closed = new AbortController();
      wire = await startWire(() => closed.abort(), { closed: closed.signal });
      for (const error of [await unreachable(wire.client.info()), await unreachable(wire.client.info())]) {
        expect(error).to.include({ code: CANCELLED, message: `${wire.addr} left the cluster` });
      }
    });

    it("leaves no listener of a call on a long-lived signal", async () => {
      const closed = new CountingSignal();
      const session = new CountingSignal();
      wire = await startWire((res) => (res.req.url === "/events" ? res.end() : json(res, {})), {
        closed: closed.signal,
      });
      await wire.client.info();
      await wire.client.request({ method: "GET", path: "/x", signal: session.signal });
      await (await wire.client.events(undefined, session.signal)).read(() => expect.fail());
      // The one of the client itself, however many calls it makes.
      expect([closed.count, session.count]).to.deep.equal([1, 0]);
    });
  });

  describe("events", () => {
    const collect = async (feed: EventFeed, into: EngineEvent[] = []): Promise<EngineEvent[]> => {
      await feed.read((event) => into.push(event));
      return into;
    };

    it("are asked for since a time", async () => {
      wire = await startWire((res) => res.end());
      wire.client.useApiVersion("1.41");
      await collect(await wire.client.events("17.000000001", new AbortController().signal));
      expect(wire.arrived[0]?.url).to.equal("/v1.41/events?since=17.000000001");
    });

    it("come one by one, malformed ones left out", async () => {
      wire = await startWire((res) => res.end('{"Type":"a"}{bad}\n5 {"Type":"b"}'));
      const events = await collect(await wire.client.events(undefined, new AbortController().signal));
      expect(events.map(({ Type }) => Type)).to.deep.equal(["a", "b"]);
    });

    it("end with an error when the stream breaks", async () => {
      wire = await startWire((res) => {
        res.write('{"Type":"a"}');
        setImmediate(() => res.socket?.resetAndDestroy());
      });
      const events: EngineEvent[] = [];
      await unreachable(collect(await wire.client.events(undefined, new AbortController().signal), events));
      expect(events).to.have.length(1);
    });

    it("end quietly with the signal, and close the connection", async () => {
      const gone = new AbortController();
      wire = await startWire((res) => void res.write('{"Type":"a"}{"Type":"b"}'));
      const heard: unknown[] = [];
      await (
        await wire.client.events(undefined, gone.signal)
      ).read(({ Type }) => {
        heard.push(Type);
        gone.abort();
      });
      expect(heard, "none after the signal").to.deep.equal(["a"]);
      await Promise.all([...wire.sockets].map((socket) => once(socket, "close")));
    });

    it("stop while paused, and go on where they stopped", async () => {
      let stream: ServerResponse | undefined;
      wire = await startWire((res) => {
        if (res.req.url === "/events") (stream = res).write('{"Type":"a"}');
        else json(res, {});
      });
      const heard: unknown[] = [];
      const feed = await wire.client.events(undefined, new AbortController().signal);
      let reading = Promise.resolve();
      await new Promise<void>((first) => {
        reading = feed.read(({ Type }) => {
          heard.push(Type);
          if (Type === "a") feed.pause();
          first();
        });
      });
      stream?.end('{"Type":"b"}');
      // Time enough for it to arrive.
      await wire.client.info();
      expect(heard).to.deep.equal(["a"]);
      feed.resume();
      await reading;
      expect(heard).to.deep.equal(["a", "b"]);
    });

    it("break off at an error of whoever hears them", async () => {
      wire = await startWire((res) => void res.write('{"Type":"a"}'));
      const feed = await wire.client.events(undefined, new AbortController().signal);
      const failed = new Error("no");
      const reading = feed.read(() => {
        throw failed;
      });
      expect((await unreachable(reading)).cause).to.equal(failed);
      await Promise.all([...wire.sockets].map((socket) => once(socket, "close")));
    });

    it("outlive the deadline that applies to the headers", async () => {
      wire = await startWire((res) => res.flushHeaders(), { deadlines: { call: 300 } });
      const events = await wire.client.events(undefined, new AbortController().signal);
      expect((await unreachable(wire.client.version())).code).to.equal("ETIMEDOUT");
      const [first] = wire.arrived;
      expect(first?.url).to.equal("/events");
      wire.agent.destroy();
      await unreachable(collect(events));
    });

    it("are refused with the engine's text", async () => {
      wire = await startWire((res) => json(res, { message: "no" }, 400));
      const error = await refused(wire.client.events(undefined, new AbortController().signal));
      expect(error).to.include({ status: 400, message: "no" });
    });
  });
});

/** An AbortSignal that knows how many listen to it. */
class CountingSignal {
  count = 0;
  readonly signal: AbortSignal;
  constructor() {
    const { signal } = new AbortController();
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      this.count++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      this.count--;
      remove(...args);
    };
    this.signal = signal;
  }
}
