import { expect } from "chai";
import { createDiscovery } from "../../discovery/index.ts";
import { createTokenDiscovery } from "../../discovery/token.ts";
import { addressesOf, itBehavesLikeADiscovery, read } from "./contract.ts";
import { startHub, type Hub } from "./token-hub.ts";

const never = new AbortController().signal;

/** A backend that asks again as soon as it is told to. */
function over(hub: Hub, token = "0123456789abcdef") {
  let pending: (() => void) | undefined;
  const wait = (_ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      pending = resolve;
      signal.addEventListener("abort", () => resolve());
      if (signal.aborted) resolve();
    });
  /** The next heartbeat, as soon as it is waited for. */
  const beat = async (): Promise<void> => {
    while (!pending) await new Promise((resolve) => setImmediate(resolve));
    pending();
    pending = undefined;
  };
  const settings = { heartbeatMs: 60_000, options: {}, env: {} };
  const discovery = createTokenDiscovery(`127.0.0.1:${hub.port}/v1/${token}`, settings, wait);
  const answers = (body: string, status = 200) => (hub.answer = () => ({ status, body }));
  return { discovery, answers, beat };
}

describe("discovery/token", () => {
  itBehavesLikeADiscovery(
    async (addresses) => {
      const hub = await startHub();
      hub.answer = () => ({ body: JSON.stringify(addresses) });
      const settings = { heartbeatMs: 1, options: {}, env: {} };
      const discovery = createTokenDiscovery(`127.0.0.1:${hub.port}/token`, settings);
      return {
        discovery,
        replace: (next) => {
          hub.answer = () => ({ body: JSON.stringify(next) });
          return Promise.resolve();
        },
        breakSource: () => {
          hub.answer = () => ({ status: 500 });
          return Promise.resolve();
        },
        async [Symbol.asyncDispose]() {
          await discovery[Symbol.asyncDispose]();
          await hub[Symbol.asyncDispose]();
        },
      };
    },
    { changes: true },
  );

  it("is what token:// means", async () => {
    const options = { "token.service": "https://hub.example/v1" };
    await using discovery = createDiscovery("token://0123456789", { heartbeatMs: 1, options, env: {} });
    expect(discovery.description).to.equal("token://hub.example/v1/012345…");
    expect(discovery.isKeptAlive).to.equal(true);
    expect(discovery.notices).to.deep.equal([]);
  });

  it("takes the service from the environment, unless an option says otherwise", async () => {
    const env = { SWARM_DISCOVERY_SERVICE: "https://env.example" };
    const make = (options: Record<string, string>) =>
      createTokenDiscovery("0123456789", { heartbeatMs: 1, options, env });
    await using byEnv = make({});
    await using byOption = make({ "token.service": "https://option.example" });
    expect(byEnv.description).to.equal("token://env.example/012345…");
    expect(byOption.description).to.equal("token://option.example/012345…");
  });

  describe("watch", () => {
    it("asks for the cluster below the address as it is", async () => {
      await using hub = await startHub();
      const { discovery } = over(hub);
      await using _ = discovery;
      await using reader = read(discovery);
      await reader.next();
      expect(hub.asked).to.deep.equal(["GET /v1/clusters/0123456789abcdef"]);
    });

    // prettier-ignore
    const answers = [
      { it: "null is empty",              body: "null",                       status: 200, gives: [] },
      { it: "an empty list",              body: "[]",                         status: 200, gives: [] },
      { it: "empty texts are no entries", body: '["","a:1"]',                 status: 200, gives: ["a:1"] },
      { it: "no such cluster",            body: "404 page",                   status: 404, gives: "Failed to fetch entries, Discovery service returned 404 HTTP status code" },
      { it: "even another success",       body: "[]",                         status: 204, gives: "Failed to fetch entries, Discovery service returned 204 HTTP status code" },
      { it: "an error page",              body: "<html>",                     status: 200, gives: /^Failed to decode response: / },
      { it: "an object",                  body: '{"a":1}',                    status: 200, gives: "Failed to decode response: not a list of addresses" },
      { it: "nothing usable",             body: '[1,"x"]',                    status: 200, gives: "Failed to decode response: entry 1 skipped: not a text" },
      { it: "too many",                   body: JSON.stringify(Array.from({ length: 10_001 }, (_, n) => `n${n}:1`)), status: 200, gives: "the token service names more than 10000 addresses" },
      { it: "an answer without end",      body: `["${"x".repeat(5_000_000)}"]`, status: 200, gives: /: the answer is larger than 4194304 bytes$/ },
    ];
    for (const c of answers) {
      it(`understands: ${c.it}`, async () => {
        await using hub = await startHub();
        const { discovery, answers: answer } = over(hub);
        await using _ = discovery;
        answer(c.body, c.status);
        await using reader = read(discovery);
        const update = await reader.next();
        if (update?.kind !== "error") expect(addressesOf(update)).to.deep.equal(c.gives);
        else if (c.gives instanceof RegExp) expect(update.error.message).to.match(c.gives);
        else expect(update.error.message).to.equal(c.gives);
      });
    }

    it("skips bad entries with a warning each, and no control characters", async () => {
      await using hub = await startHub();
      const { discovery, answers: answer } = over(hub);
      await using _ = discovery;
      answer('["a:1", 7, "b", "c\\u001b[31m:1"]');
      await using reader = read(discovery);
      const update = await reader.next();
      expect(addressesOf(update)).to.deep.equal(["a:1"]);
      expect(update?.kind === "entries" && update.warnings).to.deep.equal([
        "entry 7 skipped: not a text",
        'entry "b" skipped: address b: missing port in address',
        "entry \"c\\u001b[31m:1\" skipped: address c [31m:1: unexpected '[' in address",
      ]);
    });

    it("tells only of another set, not of another order", async () => {
      await using hub = await startHub();
      const { discovery, answers: answer, beat } = over(hub);
      await using _ = discovery;
      answer('["a:1","b:1"]');
      await using reader = read(discovery);
      await reader.next();
      const next = reader.next();
      answer('["b:1","a:1"]');
      await beat();
      await untilAsked(hub, 2);
      answer('["b:1","c:1"]');
      await beat();
      expect(addressesOf(await next)).to.deep.equal(["b:1", "c:1"]);
    });

    it("tells of every error, and of the set again after it", async () => {
      await using hub = await startHub();
      const { discovery, answers: answer, beat } = over(hub);
      await using _ = discovery;
      const kinds: unknown[] = [];
      await using reader = read(discovery);
      for (const status of [200, 500, 500, 200]) {
        answer('["a:1"]', status);
        const update = reader.next();
        if (kinds.length > 0) await beat();
        kinds.push((await update)?.kind);
      }
      expect(kinds).to.deep.equal(["entries", "error", "error", "entries"]);
    });

    it("reports a service that is not there, without its token", async () => {
      const hub = await startHub();
      const { discovery } = over(hub);
      await hub[Symbol.asyncDispose]();
      await using _ = discovery;
      await using reader = read(discovery);
      const update = await reader.next();
      expect(update?.kind === "error" && update.error.message).to.equal(
        `Get "https://127.0.0.1:${hub.port}/v1/clusters/012345…": dial tcp 127.0.0.1:${hub.port}: connect: connection refused`,
      );
    });

    it("ends in the middle of an answer when it is told to", async () => {
      await using hub = await startHub();
      hub.answer = () => ({ silent: true });
      const { discovery } = over(hub);
      await using _ = discovery;
      const reader = read(discovery);
      const next = reader.next();
      await untilAsked(hub, 1);
      reader.stop();
      expect(await next).to.equal(undefined);
    });
  });

  describe("registrar", () => {
    it("sends what the original's agents send", async () => {
      await using hub = await startHub();
      const { discovery } = over(hub);
      await using _ = discovery;
      let type: string | undefined;
      hub.answer = (request) => {
        type = request.headers["content-type"];
        return { body: "OK" };
      };
      await discovery.registrar!.register("10.0.0.9:2375", 180_000, never);
      await discovery.registrar!.register("10.0.0.9:2375", 1500, never);
      expect(type).to.equal("application/json");
      expect(hub.asked).to.deep.equal([
        "POST /v1/clusters/0123456789abcdef?ttl=180 10.0.0.9:2375",
        "POST /v1/clusters/0123456789abcdef?ttl=2 10.0.0.9:2375",
      ]);
    });

    it("says what the service said when it did not take an entry", async () => {
      await using hub = await startHub();
      const { discovery, answers: answer } = over(hub);
      await using _ = discovery;
      const register = () =>
        discovery.registrar!.register("a:1", 1000, never).then(
          () => "registered",
          (error: unknown) => (error as Error).message,
        );
      answer('{"message":"no such cluster\\u0007"}', 404);
      expect(await register()).to.equal(
        "Failed to register a:1: Discovery service returned 404 HTTP status code: no such cluster",
      );
      answer("<html>", 502);
      expect(await register()).to.equal(
        "Failed to register a:1: Discovery service returned 502 HTTP status code",
      );
      answer("OK", 201);
      expect(await register()).to.equal("registered");
    });

    it("takes an entry away, also where there is none or nobody knows how", async () => {
      await using hub = await startHub();
      const { discovery, answers: answer } = over(hub);
      await using _ = discovery;
      for (const status of [200, 204, 404, 405, 501]) {
        answer("", status);
        await discovery.registrar!.deregister("[::1]:1", never);
      }
      expect(hub.asked[0]).to.equal("DELETE /v1/clusters/0123456789abcdef/%5B%3A%3A1%5D%3A1");
      answer("", 500);
      const failure = await discovery
        .registrar!.deregister("a:1", never)
        .catch((error: unknown) => error as Error);
      expect(failure)
        .to.be.instanceOf(Error)
        .with.property(
          "message",
          "Failed to deregister a:1: Discovery service returned 500 HTTP status code",
        );
    });

    it("cannot tell that an entry is lost: says so only at the end", async () => {
      await using hub = await startHub();
      const { discovery } = over(hub);
      await using _ = discovery;
      const end = new AbortController();
      const lost = discovery.registrar!.lost("a:1", end.signal);
      end.abort();
      await lost;
      expect(hub.asked).to.deep.equal([]);
    });

    it("stops when it is told to", async () => {
      await using hub = await startHub();
      hub.answer = () => ({ silent: true });
      const { discovery } = over(hub);
      await using _ = discovery;
      const end = new AbortController();
      const outcome = discovery.registrar!.register("a:1", 1000, end.signal).then(
        () => "registered",
        () => "stopped",
      );
      await untilAsked(hub, 1);
      end.abort();
      expect(await outcome).to.equal("stopped");
    });
  });
});

async function untilAsked(hub: Hub, times: number): Promise<void> {
  while (hub.asked.length < times) await new Promise((resolve) => setImmediate(resolve));
}
