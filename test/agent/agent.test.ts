import { expect } from "chai";
import { until } from "../../discovery/timing.ts";
import { startAgent } from "./fakes.ts";

const registering = "info Registering on the discovery service every 1m0s...";

describe("agent/agent", () => {
  it("registers at once, with the entry's whole life, and again at each heartbeat", async () => {
    const { registrar, clock, logged, stop, running } = await startAgent();
    await clock.pass(120_000);
    expect(registrar.calls).to.deep.equal([
      "0s register 10.0.0.1:2375 300s",
      "60s register 10.0.0.1:2375 300s",
      "120s register 10.0.0.1:2375 300s",
    ]);
    expect(logged).to.deep.equal([registering, registering, registering]);
    stop.abort();
    await running;
  });

  it("renews a short-lived entry four times in its life, whatever the heartbeat", async () => {
    const { registrar, clock, logged, stop, running } = await startAgent({
      rhythm: { heartbeatMs: 60_000, ttlMs: 61_000 },
    });
    await clock.pass(61_000);
    expect(registrar.times("register")).to.deep.equal([0, 15.25, 30.5, 45.75, 61]);
    expect(logged[0]).to.equal(registering);
    stop.abort();
    await running;
  });

  // prettier-ignore
  const jitters = [
    { it: "ten per cent early at the least",  random: 0,   second: 54 },
    { it: "ten per cent late at the most",    random: 1,   second: 66 },
  ];
  for (const { it: what, random, second } of jitters) {
    it(`renews ${what}`, async () => {
      const { registrar, clock, stop, running } = await startAgent({ random });
      await clock.pass(67_000);
      expect(registrar.times("register")).to.deep.equal([0, second]);
      stop.abort();
      await running;
    });
  }

  describe("before the first registration", () => {
    it("waits a random part of --delay and says how long", async () => {
      const { registrar, clock, logged, stop, running } = await startAgent({
        rhythm: { delayMs: 5000 },
        random: 0.25,
      });
      expect([registrar.calls, logged]).to.deep.equal([
        [],
        ["info Add a random delay 1.25s to avoid synchronized registration"],
      ]);
      await clock.pass(1250);
      expect(registrar.times("register")).to.deep.equal([1.25]);
      stop.abort();
      await running;
    });

    it("ends without a word to the service when told to stop", async () => {
      const { registrar, clock, stop, running } = await startAgent({ rhythm: { delayMs: 5000 } });
      stop.abort();
      await running;
      expect([registrar.calls, clock.sleepers]).to.deep.equal([[], 0]);
    });
  });

  describe("when the service does not take the entry", () => {
    it("tries again soon, then less often, and returns to the heartbeat when it works", async () => {
      const { registrar, clock, logged, stop, running } = await startAgent({
        next: Array<"fail">(8).fill("fail"),
      });
      await clock.pass(300_000);
      expect(registrar.times("register")).to.deep.equal([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
      expect(logged.filter((line) => line !== registering)).to.deep.equal([
        ...Array<string>(8).fill("error the store is down"),
        "info registered, after failures",
      ]);
      stop.abort();
      await running;
    });

    it("begins with a second again at the next failure", async () => {
      const { registrar, clock, stop, running } = await startAgent({ next: ["fail", "fail"] });
      await clock.pass(3000);
      registrar.next.push("fail");
      await clock.pass(61_000);
      expect(registrar.times("register")).to.deep.equal([0, 1, 3, 63, 64]);
      stop.abort();
      await running;
    });

    for (const how of ["hang", "ignore"] as const) {
      it(`gives a call up that does not end (${how})`, async () => {
        const { registrar, clock, logged, stop, running } = await startAgent({ next: [how] });
        await clock.pass(11_000);
        expect(registrar.times("register")).to.deep.equal([0, 11]);
        expect(logged).to.include("error fake://store: no answer within 10s");
        stop.abort();
        await running;
      });
    }
  });

  describe("when the service says that the entry is gone", () => {
    it("registers at once", async () => {
      const { registrar, clock, logged, stop, running } = await startAgent();
      await clock.pass(20_000);
      registrar.lose();
      await clock.pass(10);
      expect(registrar.times("register")).to.deep.equal([0, 20]);
      expect(logged).to.include("warn the entry vanished from the discovery service: registering again");
      stop.abort();
      await running;
    });

    it("asks once for each entry, not once for each renewal", async () => {
      const { registrar, clock, stop, running } = await startAgent();
      await clock.pass(250_000);
      expect(registrar.watches).to.equal(1);
      registrar.lose();
      await clock.pass(10);
      expect(registrar.watches).to.equal(2);
      stop.abort();
      await running;
    });

    it("waits longer each time when it vanishes as soon as it is written", async () => {
      const { registrar, clock, stop, running } = await startAgent();
      for (let i = 0; i < 310; i++) {
        registrar.lose();
        await clock.pass(100);
      }
      expect(registrar.times("register")).to.deep.equal([0, 1, 3, 7, 15, 31]);
      stop.abort();
      await running;
    });

    it("forgets that once an entry has lived until its renewal", async () => {
      const { registrar, clock, stop, running } = await startAgent();
      registrar.lose();
      await clock.pass(61_000);
      registrar.lose();
      await clock.pass(5000);
      expect(registrar.times("register")).to.deep.equal([0, 1, 61, 62]);
      stop.abort();
      await running;
    });

    it("keeps to the heartbeat when it cannot be told any more", async () => {
      const { registrar, clock, stop, running } = await startAgent();
      registrar.cannotTell();
      await clock.pass(61_000);
      expect(registrar.times("register")).to.deep.equal([0, 60]);
      expect(registrar.watches).to.equal(2);
      stop.abort();
      await running;
    });

    it("leaves the pace to the failures while the service fails as well", async () => {
      const { registrar, clock, stop, running } = await startAgent();
      await clock.pass(59_000);
      registrar.next.push("fail", "fail", "fail");
      await clock.pass(1500);
      registrar.lose();
      await clock.pass(10_000);
      expect(registrar.times("register")).to.deep.equal([0, 60, 61, 63, 67]);
      stop.abort();
      await running;
    });
  });

  describe("told to stop", () => {
    it("takes its entry away and leaves nothing running", async () => {
      const { registrar, clock, logged, stop, running } = await startAgent();
      await clock.pass(10_000);
      stop.abort();
      await running;
      expect(registrar.calls.at(-1)).to.equal("10s deregister 10.0.0.1:2375");
      expect(logged.at(-1)).to.equal("info the entry is removed from the discovery service");
      expect(clock.sleepers).to.equal(0);
    });

    it("does so although no registration ever worked: one may have been done without an answer", async () => {
      const { registrar, stop, running } = await startAgent({ next: ["fail"] });
      stop.abort();
      await running;
      expect(registrar.times("deregister")).to.deep.equal([0]);
    });

    it("lets a registration under way end first", async () => {
      const { registrar, clock, stop, running } = await startAgent({ next: ["hang"] });
      stop.abort();
      await clock.pass(999);
      expect(registrar.times("deregister")).to.deep.equal([]);
      await clock.pass(1);
      await running;
      expect(registrar.times("deregister")).to.deep.equal([1]);
    });

    // prettier-ignore
    const failures = [
      { it: "cannot be reached",      how: "fail" },
      { it: "does not answer",        how: "hang" },
      { it: "does not even hang up",  how: "ignore" },
    ] as const;
    for (const { it: what, how } of failures) {
      it(`ends all the same when the service ${what}, and says how long the entry stays`, async () => {
        const { registrar, clock, logged, stop, running } = await startAgent();
        registrar.next.push(how);
        stop.abort();
        await clock.pass(5000);
        await running;
        expect(logged.at(-1)).to.equal("warn the entry could not be removed: it ends within its TTL (5m0s)");
        expect(clock.sleepers).to.equal(0);
      });
    }
  });

  describe("looking at the engine", () => {
    const silent = (why: string): string =>
      `warn no Docker engine answers at 10.0.0.1:2375: ${why}: managers will not reach it; registering all the same`;

    it("registers all the same when none answers, and says so once for each reason", async () => {
      const { registrar, clock, logged, stop, running } = await startAgent({
        engine: ["refused", "refused", "slow", "refused", "slow"],
      });
      await clock.pass(300_000);
      expect(logged.filter((line) => line !== registering)).to.deep.equal([
        silent("refused"),
        silent("slow"),
      ]);
      expect(registrar.times("register")).to.have.length(6);
      stop.abort();
      await running;
    });

    it("says when one answers again, and warns again after that", async () => {
      const { clock, logged, stop, running } = await startAgent({
        engine: ["refused", undefined, "refused"],
      });
      await clock.pass(120_000);
      expect(logged.filter((line) => line !== registering)).to.deep.equal([
        silent("refused"),
        "info a Docker engine answers at 10.0.0.1:2375",
        silent("refused"),
      ]);
      stop.abort();
      await running;
    });

    it("neither waits for a slow look nor begins a second one beside it", async () => {
      let looks = 0;
      const { registrar, clock, logged, stop, running } = await startAgent({
        probe: async (_address, signal) => {
          looks++;
          await until(signal);
          return "given up";
        },
      });
      await clock.pass(180_000);
      expect([looks, registrar.times("register")]).to.deep.equal([1, [0, 60, 120, 180]]);
      stop.abort();
      await running;
      expect(logged.filter((line) => line.startsWith("warn"))).to.deep.equal([]);
    });

    // prettier-ignore
    const odd = [
      { address: ":2375",            says: /cannot reach :2375: managers take an address without a host as 127\.0\.0\.1/ },
      { address: "127.0.0.1:2375",   says: /cannot reach 127\.0\.0\.1:2375: to managers on other machines 127\.0\.0\.1 is their own/ },
      { address: "0.0.0.0:2375",     says: /cannot reach 0\.0\.0\.0:2375: 0\.0\.0\.0 is an address to listen on/ },
    ];
    for (const { address, says } of odd) {
      it(`warns of ${address} and registers it`, async () => {
        const { registrar, logged, stop, running } = await startAgent({ address });
        expect(logged[0]).to.match(says);
        expect(registrar.calls).to.deep.equal([`0s register ${address} 300s`]);
        stop.abort();
        await running;
      });
    }
  });

  describe("health", () => {
    it("is good while the last registration that worked is younger than the TTL", async () => {
      const { agent, registrar, clock, stop, running } = await startAgent({ next: ["fail"] });
      const seen = [agent.health()];
      await clock.pass(1000);
      seen.push(agent.health());
      registrar.next.push(...Array<"fail">(100).fill("fail"));
      await clock.pass(299_000);
      seen.push(agent.health());
      await clock.pass(1000);
      seen.push(agent.health());
      expect(seen).to.deep.equal([
        { healthy: false, detail: "the store is down" },
        { healthy: true, detail: "10.0.0.1:2375 is registered at fake://store" },
        {
          healthy: true,
          detail: "10.0.0.1:2375 is registered at fake://store; registering fails: the store is down",
        },
        { healthy: false, detail: "the store is down" },
      ]);
      stop.abort();
      await running;
    });

    it("is bad before the first registration, and while the entry is gone", async () => {
      const { agent, registrar, clock, stop, running } = await startAgent({ rhythm: { delayMs: 2 } });
      const seen = [agent.health()];
      await clock.pass(5);
      registrar.lose();
      await clock.pass(5);
      seen.push(agent.health());
      expect(seen).to.deep.equal([
        { healthy: false, detail: "not registered yet" },
        { healthy: false, detail: "the entry vanished from the discovery service: registering again" },
      ]);
      stop.abort();
      await running;
    });

    it("mentions an engine that does not answer", async () => {
      const { agent, stop, running } = await startAgent({ engine: ["connection refused"] });
      expect(agent.health()).to.deep.equal({
        healthy: true,
        detail: "10.0.0.1:2375 is registered at fake://store; no Docker engine answers: connection refused",
      });
      stop.abort();
      await running;
    });
  });
});
