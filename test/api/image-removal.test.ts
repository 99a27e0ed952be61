import { expect } from "chai";
import { silence, until } from "./support.ts";
import { listed, tagsOf, useManagers } from "./image-support.ts";

describe("api/images, removal", () => {
  const { start, startSilent } = useManagers();

  describe("remove", () => {
    it("removes on every node, tells each thing once, and shows it at once", async () => {
      const started = await startSilent();
      const [image] = await listed(started);
      const answer = await started.ask("DELETE", "/images/busybox?force=1&noprune=1");
      expect(answer.status).to.equal(200);
      expect(answer.json()).to.deep.equal([{ Untagged: "busybox:latest" }, { Deleted: image!.Id }]);
      expect(started.engines.map(tagsOf)).to.deep.equal([[], [], []]);
      expect(await listed(started, "?all=1")).to.deep.equal([]);
      for (const engine of started.engines) {
        const sent = engine.requests.find(({ route }) => route === "DELETE /images/*name");
        expect(sent?.url).to.match(/\/images\/busybox\?force=1&noprune=1$/);
      }
    });

    it("answers 404 for what nobody has", async () => {
      const answer = await (await start()).ask("DELETE", "/images/reg.io:5000/nope:1");
      expect([answer.status, answer.message]).to.deep.equal([404, "No such image: reg.io:5000/nope:1"]);
    });

    it("takes a name without tag for its latest", async () => {
      const started = await startSilent();
      await started.ask("POST", "/images/busybox/tag?repo=only&tag=7");
      const answer = await started.ask("DELETE", "/images/only");
      expect([answer.status, answer.message]).to.deep.equal([404, "No such image: only"]);
    });

    it("keeps a conflict all nodes agree on, with their names", async () => {
      const started = await start({
        engines: [1, 2].map((n) => ({ name: `node-${n}`, containers: 1 })),
      });
      const answer = await started.ask("DELETE", "/images/busybox");
      expect(answer.status).to.equal(409);
      expect(answer.message.split("\n").map((line) => line.slice(0, 26))).to.deep.equal([
        "node-1: conflict: unable t",
        "node-2: conflict: unable t",
      ]);
    });

    it("reports what went, and warns of what did not", async () => {
      const started = await start({
        engines: [{ name: "node-1" }, { name: "node-2", containers: 1 }, { name: "node-3" }],
      });
      started.engines.forEach(silence);
      const answer = await started.ask("DELETE", "/images/busybox");
      expect(answer.status).to.equal(200);
      expect(answer.json()).to.deep.include({ Untagged: "busybox:latest" });
      expect(answer.headers.warning).to.match(
        /^299 swarm "node-2: conflict: unable to remove repository reference \\"busybox\\" /,
      );
      expect(started.log.join("")).to.include("node-2: conflict");
      const holders = await listed(started, `?filters=${encodeURIComponent('{"node":["node-2"]}')}`);
      expect(holders).to.have.length(1);
    });

    it("ignores nodes that no longer have it, unless all say so", async () => {
      const started = await startSilent();
      started.engines[0]!.state.images.clear();
      const first = await started.ask("DELETE", "/images/busybox");
      expect([first.status, first.headers.warning]).to.deep.equal([200, undefined]);

      const again = await startSilent();
      for (const { state } of again.engines) state.images.clear();
      const second = await again.ask("DELETE", "/images/busybox");
      expect([second.status, second.message.split("\n")[0]]).to.deep.equal([
        404,
        "node-1: No such image: busybox:latest",
      ]);
      expect(await listed(again)).to.deep.equal([]);
    });

    it("tells of the conflict when some say conflict and some say gone", async () => {
      const started = await startSilent();
      started.engines[0]!.state.images.clear();
      for (const engine of started.engines.slice(1))
        engine.failNext("DELETE /images/*name", 409, "conflict: in use");
      const answer = await started.ask("DELETE", "/images/busybox");
      expect([answer.status, answer.message]).to.deep.equal([
        409,
        "node-2: conflict: in use\nnode-3: conflict: in use",
      ]);
    });
  });

  describe("prune", () => {
    const everything = `/images/prune?filters=${encodeURIComponent('{"dangling":{"false":true}}')}`;

    it("prunes on all nodes, tells each thing once, and shows it at once", async () => {
      const started = await start({
        engines: [{ name: "node-1" }, { name: "node-2", containers: 1 }, { name: "node-3" }],
      });
      started.engines.forEach(silence);
      const [image] = await listed(started);
      const answer = await started.ask("POST", everything);
      expect(answer.json()).to.deep.equal({ ImagesDeleted: [{ Deleted: image!.Id }], SpaceReclaimed: 0 });
      const filters = encodeURIComponent('{"node":["node-1","node-3"]}');
      expect(await listed(started, `?filters=${filters}`)).to.deep.equal([]);
      expect(await listed(started)).to.have.length(1);
    });

    it("prunes on the nodes a filter names", async () => {
      const { ask, engines } = await startSilent();
      const filters = encodeURIComponent('{"dangling":["false"],"node":["node-2"]}');
      expect((await ask("POST", `/images/prune?filters=${filters}`)).status).to.equal(200);
      expect(engines.map(({ state }) => state.images.size)).to.deep.equal([1, 0, 1]);
    });

    it("answers null when nothing went", async () => {
      const answer = await (await start()).ask("POST", "/images/prune");
      expect(answer.json()).to.deep.equal({ ImagesDeleted: null, SpaceReclaimed: 0 });
    });

    it("adds up space, and warns of a node that could not", async () => {
      const { ask, engines, log } = await startSilent();
      engines[0]!.failNext("POST /images/prune", 409, "a prune operation is already running");
      const answer = await ask("POST", everything);
      expect(answer.status).to.equal(200);
      expect(answer.headers.warning).to.equal('299 swarm "node-1: a prune operation is already running"');
      expect(log.join("")).to.include("a node could not prune");
    });

    it("ends when the client leaves, which is nobody's failure", async () => {
      const { port, engines, log } = await startSilent();
      let asked = 0;
      for (const engine of engines) {
        // Requests arrive, and are never served.
        Object.assign(engine.state.alarms, { after: () => (asked += 1) });
        engine.slow(1);
      }
      const leave = new AbortController();
      const url = `http://127.0.0.1:${port}${everything}`;
      fetch(url, { method: "POST", signal: leave.signal }).catch(() => undefined);
      await until(() => asked === engines.length, "all engines are asked");
      const during = engines.map(({ connections }) => connections);
      leave.abort();
      await until(
        () => engines.every(({ connections }, n) => connections < during[n]!),
        "the calls have ended",
      );
      expect(log.join("")).to.not.include("HTTP error");
    });

    it("keeps a refusal all nodes agree on", async () => {
      const answer = await (await start()).ask("POST", '/images/prune?filters={"odd":["1"]}');
      expect(answer.status).to.equal(400);
      expect(answer.message.split("\n")).to.deep.equal(
        [1, 2, 3].map((n) => `node-${n}: Invalid filter 'odd'`),
      );
    });
  });
});
