import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { WantedBook } from "../../../src/reschedule/wanted/book.ts";
import { Recorder } from "../../../src/reschedule/wanted/recorder.ts";
import { SETTLE_MS } from "../../../src/reschedule/wanted/run-state.ts";
import type { WantedCreate } from "../../../src/reschedule/wanted/wanted.ts";
import { maxValueBytes } from "../../../src/store/store.ts";
import { collectedLog, id, place, stores, unreachable, wanted } from "./builders.ts";
import { clusterOf, event, FakeEngine, networkEvent, POLICY } from "./fake-engine.ts";

const never = new AbortController().signal;
const given: WantedCreate = { body: { Image: "busybox" }, query: "name=web", apiVersion: "1.41" };
const swarmId = id("a");
const labels = { ...POLICY, "com.docker.swarm.id": swarmId };
const rm = { AutoRemove: true };

describe("reschedule/wanted/recorder", () => {
  let one: FakeEngine;
  let two: FakeEngine;
  let book: WantedBook;
  let recorder: Recorder;
  let leads: boolean;
  let now: number;
  let { backend, open } = stores();

  beforeEach(() => {
    [one, two] = [new FakeEngine("node-1"), new FakeEngine("node-2")];
    ({ backend, open } = stores());
    [leads, now] = [true, 1_000_000];
    const { log } = collectedLog();
    book = new WantedBook({
      store: open(),
      log,
      random: () => 0,
      times: { firstPauseMs: 5, patienceMs: 50 },
    });
    recorder = new Recorder({ cluster: clusterOf(one, two), book, leads: () => leads, log, now: () => now });
  });
  afterEach(async () => {
    backend.failure = undefined;
    await recorder[Symbol.asyncDispose]();
    await book[Symbol.asyncDispose]();
  });

  /** As the graveyard sees an old copy. */
  const copyOf = (containerId: string) => ({
    id: containerId,
    swarmId,
    labels,
    inspect: { State: { Status: "exited" } },
  });
  const tell = (...events: ReturnType<typeof event>[]): void => {
    for (const each of events) recorder.onEngineEvent(one.engine, each);
  };
  /** A look now, and whatever it begins. */
  const review = async (): Promise<void> => {
    recorder.review();
    await recorder.idle();
  };
  /** Two looks, the time in between long enough to settle what is in doubt. */
  const settle = async (): Promise<void> => {
    await review();
    now += SETTLE_MS;
    await review();
  };
  const run = (): string => {
    const there = book.get(swarmId);
    return there === undefined
      ? "forgotten"
      : `${there.run}${recorder.isSettling(swarmId) ? ", in doubt" : ""}`;
  };
  /** A container that runs on node-1 and is recorded as such. */
  const running = async (host = {}): Promise<void> => {
    one.has(id("1"), { labels, host });
    await book.put(wanted({ create: { ...given, body: { Image: "busybox", HostConfig: host } } }));
    await review();
  };

  describe("what is created through us", () => {
    it("is recorded as its user gave it, in the store when the user has an answer", async () => {
      one.networks.push({ Id: "b", Name: "back", Scope: "local", Driver: "bridge" });
      const record = one.has(id("1"), { labels, running: false, networks: { back: {} } });
      expect(await recorder.created(record, given)).to.deep.equal([]);
      const other = new WantedBook({ store: open(), log: collectedLog().log });
      await other.load(never);
      expect([...other.values()]).to.deep.equal([
        wanted({
          run: "stopped",
          last: place("1"),
          create: given,
          localNetworks: [{ Id: "b", Name: "back", Scope: "local", Driver: "bridge" }],
          updatedMs: now,
        }),
      ]);
    });

    it("is not, where nobody asked for it", async () => {
      expect(await recorder.created(one.has(id("1"), { labels: {} }), given)).to.deep.equal([]);
      expect([...book.values()]).to.deep.equal([]);
    });

    it("is recorded without leading", async () => {
      leads = false;
      await recorder.created(one.has(id("1"), { labels }), given);
      expect(run()).to.equal("running");
    });

    it("leaves out what belongs to the manager, and what of a query is no part of the container", async () => {
      const body = { Labels: { ...labels, "com.docker.swarm.replaces": "{}", app: "shop" } };
      const query = "name=web&X-Registry-Auth=c2VjcmV0&platform=linux%2Famd64";
      await recorder.created(one.has(id("1"), { labels }), { body, query, apiVersion: undefined });
      expect(book.get(swarmId)?.create).to.deep.include({
        body: { Labels: { ...POLICY, app: "shop" } },
        query: "name=web&platform=linux%2Famd64",
      });
    });

    it("is a warning when the store cannot take it, and known here all the same", async () => {
      const body = { Labels: { noise: randomBytes(maxValueBytes).toString("base64") } };
      const [warning] = await recorder.created(one.has(id("1"), { labels }), { ...given, body });
      expect(warning).to.match(/^The container cannot be remembered in full: .* too large/);
      expect(run()).to.equal("running");
    });

    it("does not wait for a store that is down longer than the book's patience, and is no error", async () => {
      backend.failure = unreachable();
      expect(await recorder.created(one.has(id("1"), { labels }), given)).to.deep.equal([]);
      expect([run(), book.unsaved]).to.deep.equal(["running", 1]);
    });

    it("cannot take the place of another by naming its swarm ID", async () => {
      await running();
      const [warning] = await recorder.created(two.has(id("2"), { labels, name: "thief" }), given);
      expect(warning).to.equal(
        "Not remembered for rescheduling: the label com.docker.swarm.id names another container, web",
      );
      expect(book.get(swarmId)?.last).to.deep.equal(place("1"));
    });
  });

  describe("what users ask through us", () => {
    it("a stop is wanted, whenever its events come", async () => {
      await running();
      const record = one.has(id("1"), { labels });
      const wish = recorder.stopping(record);
      one.has(id("1"), { labels, running: false });
      wish.settled(true);
      await settle();
      expect(run()).to.equal("stopped");
    });

    it("a stop by another manager's user is recorded in what is there now", async () => {
      await running();
      leads = false;
      const moved = wanted({ last: place("2", "node-2"), formerIds: [id("1")] });
      const other = new WantedBook({ store: open(), log: collectedLog().log });
      await other.load(never);
      await other.put(moved);
      const record = two.has(id("2"), { labels });
      const wish = recorder.stopping(record);
      two.has(id("2"), { labels, running: false });
      wish.settled(true);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(book.get(swarmId)).to.deep.include({ run: "stopped", last: moved.last });
    });

    it("a removal is wanted at once", async () => {
      await running();
      const wish = recorder.removing(one.has(id("1"), { labels }), "container");
      tell(event("kill"), event("die", id("1"), { exitCode: "137" }));
      one.lacks(id("1"));
      tell(event("destroy"));
      expect(run()).to.equal("forgotten");
      wish.settled(true);
    });

    it("a removal goes for the copies it had before as well, and for every manager", async () => {
      await book.put(wanted({ last: place("2", "node-2"), formerIds: [id("1")] }));
      const wish = recorder.removing(two.has(id("2"), { labels }), "container");
      two.lacks(id("2"));
      wish.settled(true);
      await new Promise((resolve) => setImmediate(resolve));
      expect([...book.removed.values()]).to.deep.equal([
        { swarmId, name: "web", ids: [id("1")], removedMs: now },
      ]);
      one.has(id("1"), { labels });
      await settle();
      expect(run()).to.equal("forgotten");
      await book[Symbol.asyncDispose]();
      const other = new WantedBook({ store: open(), log: collectedLog().log });
      await other.load(never);
      expect(other.removed.covers(copyOf(id("1")))).to.equal(true);
    });

    it("a removal goes for a copy that nobody has heard of, too, wherever it shows up", async () => {
      await running();
      book.unknownCopies.add(swarmId);
      recorder.removing(one.has(id("1"), { labels }), "container").settled(true);
      one.lacks(id("1"));
      const made = { ...labels, "com.docker.swarm.rescheduled-from": id("1") };
      const copy = two.has(id("2"), { labels: made, running: false });
      Object.assign(copy.inspect.State, { Status: "created" });
      await review();
      now += 2_000;
      await review();
      expect(run()).to.equal("forgotten");
    });

    it("a removal of the copy that is being made means the container, whose place is lost", async () => {
      await running();
      one.isHealthy = false;
      recorder.removing(two.has(id("2"), { labels }), "copy").settled(true);
      await new Promise((resolve) => setImmediate(resolve));
      expect([run(), book.removed.covers(copyOf(id("1")))]).to.deep.equal(["forgotten", true]);
    });

    it("knows a copy that is being made, whose name is not the container's yet", async () => {
      await running();
      const replaces = JSON.stringify({ swarm: swarmId, ids: [id("1")] });
      const copy = two.has(id("2"), { labels: { ...labels, "com.docker.swarm.replaces": replaces } });
      expect(await recorder.isUnfinished(copy)).to.equal(true);
      await book.put({ ...wanted(), last: { ...wanted().last, containerId: id("2") } });
      expect(await recorder.isUnfinished(copy)).to.equal(false);
    });

    it("an old copy is not taken up where another manager's user has removed the container", async () => {
      const other = new WantedBook({ store: open(), log: collectedLog().log });
      await other.removed.bury({ swarmId, name: "web", ids: [id("1")], removedMs: now });
      one.has(id("1"), { labels });
      await review();
      now += 2_000;
      await review();
      expect(run()).to.equal("forgotten");
    });

    it("a start is recorded with its answer", async () => {
      await running();
      await book.put(wanted({ run: "stopped" }));
      await recorder.started(one.has(id("1"), { labels }));
      expect([run(), book.unsaved]).to.deep.equal(["running", 0]);
    });

    it("a start that has moved the container records where to", async () => {
      await running();
      const replaces = JSON.stringify({ swarm: swarmId, ids: [id("1")] });
      await recorder.started(
        two.has(id("2"), { labels: { ...labels, "com.docker.swarm.replaces": replaces } }),
      );
      expect(book.get(swarmId)).to.deep.include({ last: place("2", "node-2"), formerIds: [id("1")] });
    });

    it("a start of something that has ended since changes nothing", async () => {
      await running();
      await book.put(wanted({ run: "stopped" }));
      await recorder.started(one.has(id("1"), { labels, running: false }));
      expect(run()).to.equal("stopped");
    });

    it("a removal the engine refuses changes nothing", async () => {
      await running();
      recorder.removing(one.has(id("1"), { labels }), "copy").settled(false);
      await settle();
      expect(run()).to.equal("running");
    });

    it("a removal by name that meets an old copy means the container", async () => {
      await running();
      const old = one.has(id("1"), { labels });
      await book.put(wanted({ last: place("2", "node-2"), formerIds: [id("1")] }));
      two.has(id("2"), { labels });
      recorder.removing(old, "container").settled(true);
      await new Promise((resolve) => setImmediate(resolve));
      expect([run(), book.removed.covers(copyOf(id("2")))]).to.deep.equal(["forgotten", true]);
    });

    it("the removal of an old copy by its ID is not the container's", async () => {
      await running();
      const old = one.has(id("1"), { labels });
      await book.put(wanted({ last: place("2", "node-2"), formerIds: [id("1")] }));
      two.has(id("2"), { labels });
      recorder.removing(old, "copy").settled(true);
      one.lacks(id("1"));
      tell(event("destroy"));
      await settle();
      expect(run()).to.equal("running");
    });
  });

  it("hears nothing in the end of an old copy", async () => {
    two.has(id("2"), { labels, host: rm, running: false });
    const create = { ...given, body: { HostConfig: rm } };
    await book.put(wanted({ create, run: "stopped", last: place("2", "node-2"), formerIds: [id("1")] }));
    tell(event("die", id("1"), { exitCode: "0" }), event("destroy"));
    expect(run()).to.equal("stopped");
  });

  describe("what happens past the manager", () => {
    const stopped = (): void => {
      one.has(id("1"), { labels, running: false });
      tell(event("kill"), event("die", id("1"), { exitCode: "143" }), event("stop"));
    };

    it("a stop counts once its engine has proved to live on", async () => {
      await running();
      stopped();
      expect(run()).to.equal("running, in doubt");
      now += SETTLE_MS - 1;
      await review();
      expect(run()).to.equal("running, in doubt");
      now += 1;
      await review();
      expect(run()).to.equal("stopped");
    });

    it("a stop does not count when the engine was lost right after", async () => {
      await running();
      stopped();
      one.isHealthy = false;
      recorder.onEngineChange(one.engine, "engine_disconnect");
      one.isHealthy = true;
      recorder.onEngineChange(one.engine, "engine_reconnect");
      await settle();
      expect(run()).to.equal("running");
    });

    it("a stop does not count when the engine does not answer, nobody having noticed its loss yet", async () => {
      await running();
      stopped();
      now += SETTLE_MS;
      recorder.review();
      one.isHealthy = false;
      await recorder.idle();
      expect(book.get(swarmId)?.run).to.equal("running");
    });

    it("a stop does not count when the engine was started anew since, however quickly", async () => {
      await running();
      stopped();
      one.start("2");
      await settle();
      expect(run()).to.equal("running");
    });

    it("a stop is no longer in doubt as soon as the engine shows that it was started anew", async () => {
      await running();
      stopped();
      one.start("2");
      await one.engine.cache.refreshNetworks();
      await review();
      expect(run()).to.equal("running");
    });

    it("an end found out after a restart of the engine does not count, whatever its exit code", async () => {
      await running();
      one.start("2");
      await one.engine.cache.refreshNetworks();
      one.has(id("1"), { labels, running: false });
      tell(event("die", id("1"), { exitCode: "0" }));
      await settle();
      expect(run()).to.equal("running");
    });

    it("its own end counts at once", async () => {
      await running();
      one.has(id("1"), { labels, running: false });
      tell(event("die", id("1"), { exitCode: "0" }));
      expect(run()).to.equal("stopped");
    });

    it("its own end does not count where its engine brings it back", async () => {
      await running({ RestartPolicy: { Name: "always" } });
      tell(event("die", id("1"), { exitCode: "0" }));
      tell(event("start"));
      await settle();
      expect(run()).to.equal("running");
    });

    it("a start nobody heard is seen", async () => {
      await running();
      await book.put(wanted({ run: "stopped" }));
      await review();
      expect(run()).to.equal("running");
    });

    it("a removal counts once its engine has proved to live on", async () => {
      await running();
      one.lacks(id("1"));
      tell(event("destroy"));
      expect(run()).to.equal("running, in doubt");
      await settle();
      expect(run()).to.equal("forgotten");
    });

    it("the end of a container that was not to outlive it is the end of its record", async () => {
      await running(rm);
      one.lacks(id("1"));
      tell(event("die", id("1"), { exitCode: "0" }), event("destroy"));
      expect(run()).to.equal("forgotten");
    });

    it("a container its engine removed while shutting down is wanted", async () => {
      await running(rm);
      one.lacks(id("1"));
      tell(event("kill"), event("die", id("1"), { exitCode: "143" }), event("destroy"));
      one.isHealthy = false;
      recorder.onEngineChange(one.engine, "engine_disconnect");
      one.isHealthy = true;
      recorder.onEngineChange(one.engine, "engine_reconnect");
      await review();
      expect(run()).to.equal("running");
    });

    it("so is one its engine removed at its start, when nobody watched", async () => {
      await book.put(wanted({ create: { ...given, body: { HostConfig: rm } } }));
      await settle();
      expect(run()).to.equal("running");
    });

    it("another one that is missing was removed by somebody", async () => {
      await book.put(wanted());
      expect(run()).to.equal("running, in doubt");
      await settle();
      expect(run()).to.equal("forgotten");
    });

    it("a container its engine cannot list is not gone", async () => {
      await running();
      one.hides(id("1"));
      await settle();
      expect(run()).to.equal("running, in doubt");
    });

    it("says nothing of a container whose engine is lost", async () => {
      await book.put(wanted({ last: place("1", "node-9") }));
      await settle();
      expect(run()).to.equal("running");
    });

    it("changes nothing while the container is moved on purpose", async () => {
      await running();
      const release = book.hold(swarmId);
      tell(event("die", id("1"), { exitCode: "0" }));
      stopped();
      one.lacks(id("1"));
      tell(event("destroy"));
      await settle();
      expect(book.get(swarmId)?.run).to.equal("running");
      release();
    });

    it("is nothing to who does not lead", async () => {
      await running();
      leads = false;
      one.has(id("1"), { labels, running: false });
      tell(event("die", id("1"), { exitCode: "0" }), event("destroy"));
      await settle();
      expect(run()).to.equal("running");
    });
  });

  describe("changes", () => {
    it("takes over a new name", async () => {
      await running();
      one.has(id("1"), { labels, name: "shop" });
      tell(event("rename"));
      expect(book.get(swarmId)?.name).to.equal("shop");
    });

    it("takes over networks it was connected to, and what defines them", async () => {
      await running();
      one.networks.push({ Id: "b", Name: "back", Scope: "local", Driver: "bridge", Containers: {} });
      one.has(id("1"), { labels, networks: { back: { Aliases: ["db"], IPAddress: "10.0.0.2" } } });
      tell(networkEvent("connect"));
      await recorder.idle();
      expect(book.get(swarmId)).to.deep.include({
        networks: { back: { Aliases: ["db"] } },
        localNetworks: [{ Id: "b", Name: "back", Scope: "local", Driver: "bridge" }],
      });
    });

    it("takes over new limits", async () => {
      await running();
      one.has(id("1"), { labels, host: { Memory: 128, CpuShares: 512 } });
      tell(event("update"));
      await review();
      expect(book.get(swarmId)?.create.body.HostConfig).to.deep.include({ Memory: 128, CpuShares: 1 });
    });

    it("reads again what an engine may have changed while nobody heard, and writes only news", async () => {
      await running();
      const writes = backend.writes.length;
      recorder.onEngineChange(one.engine, "engine_reconnect");
      await review();
      expect(one.asked).to.deep.equal([id("1")]);
      expect(book.get(swarmId)?.networks).to.deep.equal({});
      await review();
      recorder.onEngineChange(one.engine, "engine_reconnect");
      await review();
      expect(backend.writes.length - writes).to.equal(1);
    });

    it("follows an engine to another address", async () => {
      await running();
      await book.put(wanted({ last: { ...place("1"), addr: "old:2375" } }));
      await review();
      expect(book.get(swarmId)?.last).to.deep.equal(place("1"));
    });
  });

  describe("containers nobody recorded", () => {
    const adopt = async (): Promise<void> => {
      await review();
      now += 2_000;
      await review();
    };

    it("are taken up as their engine shows them, after a moment", async () => {
      one.has(id("1"), { labels, host: { Memory: 64 } });
      await review();
      now += 1_000;
      await review();
      expect([...book.values()]).to.deep.equal([]);
      await adopt();
      expect(book.get(swarmId)).to.deep.include({
        name: "web",
        run: "running",
        last: place("1"),
        networks: {},
      });
      expect(book.get(swarmId)?.create.body).to.deep.include({ Image: "busybox", Labels: POLICY });
    });

    it("are not, where nobody asked for it", async () => {
      one.has(id("1"), { labels: { "com.docker.swarm.id": swarmId } });
      await adopt();
      expect([...book.values()]).to.deep.equal([]);
    });

    it("have their own ID for a key where they have no swarm ID", async () => {
      one.has(id("1"), { labels: POLICY });
      await adopt();
      expect(book.get(id("1"))).to.deep.include({ name: "web", last: place("1") });
    });

    it("are what another manager has recorded, if one has", async () => {
      const other = new WantedBook({ store: open(), log: collectedLog().log });
      await other.put(wanted({ create: { ...given, body: { Image: "given" } } }));
      one.has(id("1"), { labels });
      await adopt();
      expect([book.get(swarmId)?.create.body, one.asked]).to.deep.equal([{ Image: "given" }, []]);
    });

    it("are what another manager has recorded, also when their node is lost already", async () => {
      const other = new WantedBook({ store: open(), log: collectedLog().log });
      await other.put(wanted());
      one.has(id("1"), { labels });
      one.isHealthy = false;
      await review();
      expect(book.get(swarmId)?.last).to.deep.equal(place("1"));
    });

    it("are tried again when the store or the engine fails", async () => {
      one.has(id("1"), { labels });
      const { inspectContainer } = one.client;
      one.client.inspectContainer = () => Promise.reject(unreachable());
      await adopt();
      expect([...book.values()]).to.deep.equal([]);
      one.client.inspectContainer = inspectContainer;
      now += 10_000;
      await review();
      expect(run()).to.equal("running");
    });

    it("are not another container, whose labels an image has copied", async () => {
      await running();
      const replaces = JSON.stringify({ swarm: swarmId, ids: [id("1")] });
      const copied = { ...labels, "com.docker.swarm.replaces": replaces };
      two.has(id("2"), { labels: copied, name: "copy" });
      one.lacks(id("1"));
      await adopt();
      expect(book.get(swarmId)?.last).to.deep.equal(place("1"));
    });

    it("are not a container of the same name that does not say whom it replaces", async () => {
      await running();
      two.has(id("2"), { labels });
      one.lacks(id("1"));
      await adopt();
      expect(book.get(swarmId)?.last).to.deep.equal(place("1"));
    });

    it("are the container itself when a start has moved it to another node", async () => {
      await running();
      const replaces = JSON.stringify({ swarm: swarmId, ids: [id("1")] });
      two.has(id("2"), { labels: { ...labels, "com.docker.swarm.replaces": replaces } });
      await adopt();
      expect(book.get(swarmId)?.last, "as long as the first one is there").to.deep.equal(place("1"));
      one.lacks(id("1"));
      tell(event("destroy"));
      now += 10_000;
      await review();
      expect(book.get(swarmId)).to.deep.include({ last: place("2", "node-2"), formerIds: [id("1")] });
      expect(run()).to.equal("running");
    });
  });

  it("starts in doubt of nothing in its next term", async () => {
    await running();
    one.has(id("1"), { labels, running: false });
    tell(event("kill"), event("die", id("1"), { exitCode: "143" }));
    leads = false;
    await review();
    leads = true;
    await settle();
    expect(run()).to.equal("running");
  });
});
