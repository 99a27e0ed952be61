import { expect } from "chai";
import { EngineCache } from "../../src/cluster/engine-cache.ts";
import {
  EngineResponseError,
  EngineUnreachableError,
  type EngineClient,
} from "../../src/docker/engine-client.ts";
import { fakeEngine, hex, inspected, summarised, type RecordParts } from "./builders.ts";

const EXITED = { Status: "exited", Running: false };

/** An engine whose answers can be held back. */
class FakeClient {
  containers: RecordParts[] = [];
  refusal: Error | undefined;
  inspections = 0;
  lists = 0;
  #holding = false;
  #held: (() => void)[] = [];

  /** From now on inspections wait for `letGo`. */
  hold(): void {
    this.#holding = true;
  }
  /** Those to come need not wait; those that wait go on waiting. */
  holdNoMore(): void {
    this.#holding = false;
  }
  letGo(): void {
    this.#holding = false;
    for (const answer of this.#held.splice(0)) answer();
  }
  /** Lists of all containers that were read. */
  read = 0;
  listContainers(ids: readonly string[]) {
    this.lists++;
    return Promise.resolve(this.containers.filter(({ id }) => ids.includes(id ?? "")).map(summarised));
  }
  listAllContainers() {
    this.lists++;
    const all = this.containers.map(summarised);
    const entries = () => {
      this.read++;
      return all;
    };
    return Promise.resolve({ body: Buffer.from(JSON.stringify(all)), entries });
  }
  async inspectContainer(id: string) {
    this.inspections++;
    const found = this.containers.find((each) => each.id === id);
    if (this.#holding) await new Promise<void>((resolve) => this.#held.push(resolve));
    if (this.refusal !== undefined) throw this.refusal;
    if (found === undefined) throw new EngineResponseError(404, "No such container");
    return inspected(found);
  }
  listImages = () => Promise.resolve([{ Id: "sha256:1" }]);
  listNetworks = (): Promise<unknown[]> => Promise.reject(new EngineResponseError(500, "no networks"));
  listVolumes = (): Promise<unknown[]> => Promise.resolve([]);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("cluster/engine-cache", () => {
  const [a, b] = [hex("a"), hex("b")];
  let client: FakeClient;
  let cache: EngineCache;
  beforeEach(() => {
    client = new FakeClient();
    client.containers = [
      { id: a, names: ["a"] },
      { id: b, names: ["b"] },
    ];
    cache = new EngineCache(fakeEngine(), client as unknown as EngineClient, {
      countMemoryReservation: false,
      exact: false,
      inspectsAtOnce: () => 8,
      behind: new Set(),
    });
  });
  const shown = (): string =>
    [...cache.inventory.containers.values()]
      .map(({ names, inspect }) => `${names[0] ?? ""} ${inspect.State.Status}`)
      .join(", ");

  it("reads everything; networks and volumes may be refused", async () => {
    await cache.readAll("everything");
    expect(shown()).to.equal("a running, b running");
    expect(cache.inventory.images).to.have.length(1);
  });

  it("inspects again only what looks different", async () => {
    await cache.readAll("everything");
    client.inspections = 0;
    client.containers = [
      { id: a, names: ["a"] },
      { id: b, names: ["b"], state: EXITED },
      { id: hex("c"), names: ["c"] },
    ];
    await cache.readAll("changed-containers");
    expect([shown(), client.inspections]).to.deep.equal(["a running, b exited, c running", 2]);
  });

  describe("does not read a list", () => {
    const look = () => cache.readAll("changed-containers");
    beforeEach(async () => {
      await cache.readAll("everything");
      await look();
      client.read = 0;
    });

    it("that says what it said when all was as recorded", async () => {
      await look();
      await look();
      expect([client.read, shown()]).to.deep.equal([0, "a running, b running"]);
    });

    it("unless a container was recorded or forgotten since", async () => {
      await cache.refreshContainer(a);
      await look();
      expect(client.read, "read").to.equal(1);
      cache.forgetContainer(b);
      await look();
      expect([client.read, shown()], "forgotten").to.deep.equal([2, "a running, b running"]);
    });

    it("unless it says something else, and then until all is as recorded", async () => {
      client.containers = [{ id: a, names: ["a"], state: EXITED }];
      client.refusal = new EngineResponseError(500, "broken");
      await look();
      await look();
      expect([client.read, shown()]).to.deep.equal([2, "a running"]);
      client.refusal = undefined;
      await look();
      expect(shown()).to.equal("a exited");
      await look();
      await look();
      expect(client.read).to.equal(3);
    });

    it("unless what came while it was on its way is not in it", async () => {
      const list = client.listAllContainers.bind(client);
      client.listAllContainers = async () => {
        const answer = await list();
        client.containers.push({ id: hex("c"), names: ["c"] });
        await cache.refreshContainer(hex("c"));
        client.containers.pop();
        return answer;
      };
      await look();
      client.listAllContainers = list;
      await look();
      expect(shown()).to.equal("a running, b running");
    });

    it("but the first one after a reset", async () => {
      cache.reset();
      await look();
      expect([client.read, shown()]).to.deep.equal([1, "a running, b running"]);
    });
  });

  it("forgets what is no longer listed", async () => {
    await cache.readAll("everything");
    client.containers = [];
    await cache.readAll("changed-containers");
    expect(shown()).to.equal("");
  });

  it("does not bring a destroyed container back with an answer that was on its way", async () => {
    client.hold();
    const reading = cache.refreshContainer(a);
    await turn();
    cache.dropContainer(a);
    client.letGo();
    await reading;
    expect(shown()).to.equal("");
  });

  it("has dealt with an event that needs no question when it returns", async () => {
    await cache.readAll("everything");
    const destroy = { Type: "container", Action: "destroy", Actor: { ID: a } };
    expect(cache.follow({ kind: "drop-container", id: a }, destroy)).to.equal(undefined);
    expect(shown()).to.equal("b running");
    const start = { Type: "container", Action: "start", Actor: { ID: b }, time: 1 };
    expect(cache.follow({ kind: "refresh-container", id: b }, start)).to.equal(undefined);
    expect(cache.follow({ kind: "images" }, { Type: "image", Action: "pull" })).to.be.instanceOf(Promise);
  });

  it("asks nothing about a container that has been destroyed", async () => {
    await cache.readAll("everything");
    client.inspections = 0;
    cache.dropContainer(a);
    const Actor = { ID: "net", Attributes: { container: a } };
    const following = cache.follow(
      { kind: "refresh-container", id: a },
      { Type: "network", Action: "disconnect", Actor },
    );
    expect(following, "nothing to wait for").to.equal(undefined);
    expect([shown(), client.inspections]).to.deep.equal(["b running", 0]);
  });

  for (const what of ["itself", "the whole engine"]) {
    it(`does not bring it back either after thousands of others, when ${what} is being read`, async () => {
      client.hold();
      const reading = what === "itself" ? cache.refreshContainer(a) : cache.readAll("everything");
      await turn();
      cache.dropContainer(a);
      for (let n = 0; n < 5_000; n++) cache.dropContainer(hex(`f${n}-`));
      client.letGo();
      await reading;
      expect(cache.inventory.containers.has(a)).to.equal(false);
    });
  }

  it("does not overwrite what an event brought with an older list", async () => {
    client.hold();
    const reading = cache.readAll("everything");
    await turn();
    client.containers = client.containers.map((each) => ({
      ...each,
      names: [`new-${each.names?.[0] ?? ""}`],
    }));
    client.holdNoMore();
    await Promise.all([cache.refreshContainer(a), cache.refreshContainer(b)]);
    client.letGo();
    await reading;
    expect(shown()).to.equal("new-a running, new-b running");
  });

  it("reads again when list and inspection are of two moments", async () => {
    const listOnce = client.listAllContainers.bind(client);
    client.listAllContainers = () => {
      const answer = listOnce();
      client.containers = [{ id: a, names: ["a"], state: EXITED }];
      return answer;
    };
    client.containers = [{ id: a, names: ["a"] }];
    await cache.readAll("everything");
    const [only] = [...cache.inventory.containers.values()];
    expect([only?.summary.State, only?.inspect.State.Status]).to.deep.equal(["exited", "exited"]);
  });

  it("ignores answers to questions asked before it was reset", async () => {
    client.hold();
    const all = cache.readAll("everything");
    const one = cache.refreshContainer(a);
    await turn();
    cache.reset();
    client.letGo();
    await Promise.all([all, one]);
    expect([shown(), cache.inventory.images.length]).to.deep.equal(["", 0]);
  });

  // prettier-ignore
  const refusals = [
    { it: "forgets a container that is not found",           error: new EngineResponseError(404, "no"), after: "b running" },
    { it: "keeps a container that cannot be shown",          error: new EngineResponseError(500, "no"), after: "a running, b running" },
  ];
  for (const { it: title, error, after } of refusals) {
    it(title, async () => {
      await cache.readAll("everything");
      client.refusal = error;
      await cache.refreshContainer(a);
      expect(shown()).to.equal(after);
    });
  }

  it("leaves out a container of an impossible shape, and no other", async () => {
    const honest = client.inspectContainer.bind(client);
    client.inspectContainer = async (id) => ({
      ...(await honest(id)),
      ...(id === a && { Name: 5 as never }),
    });
    await cache.readAll("everything");
    expect([...cache.inventory.containers.keys()]).to.include(b);
  });

  it("says so when the engine is out of reach", async () => {
    client.refusal = new EngineUnreachableError("no", "ECONNREFUSED");
    expect(await cache.readAll("everything").catch((error: unknown) => error)).to.equal(client.refusal);
  });

  it("inspects no more than eight at a time, however many events there are", async () => {
    client.containers = Array.from({ length: 40 }, (_, n) => ({ id: hex(`${n + 10}`) }));
    client.hold();
    const all = Promise.all(client.containers.map(({ id = "" }) => cache.refreshContainer(id)));
    await turn();
    expect(client.inspections).to.equal(8);
    client.letGo();
    await all;
    expect(client.inspections).to.equal(40);
  });

  describe("after an update", () => {
    const updated = (): Promise<void> =>
      Promise.resolve(
        cache.follow(
          { kind: "refresh-container", id: a },
          { Type: "container", Action: "update", Actor: { ID: a } },
        ),
      );
    const limit = (): number | undefined => cache.inventory.containers.get(a)?.memoryBytes;
    beforeEach(() => cache.readAll("everything"));

    it("asks for what lists do not show, and for nothing else", async () => {
      const before = [client.inspections, client.lists];
      client.containers = [{ id: a, names: ["a"], host: { Memory: 64 << 20 } }];
      await updated();
      expect(limit()).to.equal(64 << 20);
      expect([client.inspections - before[0]!, client.lists - before[1]!]).to.deep.equal([1, 0]);
    });

    it("reads the whole where the container has changed otherwise, too", async () => {
      client.containers = [{ id: a, names: ["a"], state: EXITED, host: { Memory: 64 << 20 } }];
      await updated();
      const record = cache.inventory.containers.get(a);
      expect([record?.summary.State, record?.inspect.State.Status]).to.deep.equal(["exited", "exited"]);
      expect(limit()).to.equal(64 << 20);
    });

    it("is one reading with whatever else is asked of the container", async () => {
      const before = [client.inspections, client.lists];
      client.hold();
      const first = cache.refreshContainer(a);
      await turn();
      const both = Promise.all([updated(), cache.refreshContainer(a)]);
      client.containers = [{ id: a, names: ["other"], host: { Memory: 64 << 20 } }];
      client.letGo();
      await Promise.all([first, both]);
      expect([client.inspections - before[0]!, client.lists - before[1]!]).to.deep.equal([2, 2]);
      const record = cache.inventory.containers.get(a);
      expect([record?.names, limit()]).to.deep.equal([["other"], 64 << 20]);
    });

    it("forgets what is gone", async () => {
      client.containers = [];
      await updated();
      expect(cache.inventory.containers.has(a)).to.equal(false);
    });
  });
});
