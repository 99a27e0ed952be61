import { expect } from "chai";
import { containerRecord, type ContainerRecord } from "../../src/cluster/container-record.ts";
import type { ToldContainer } from "../../src/cluster/told-container.ts";
import { ToldContainers, type ToldHome } from "../../src/cluster/told-containers.ts";
import type { ContainerSummary, EngineEvent } from "../../src/docker/types.ts";
import { fakeEngine, hex, record, summarised, type RecordParts } from "./builders.ts";

const engine = fakeEngine();
const SWARM = hex("5");
const ID = hex("c");
const NEVER = "0001-01-01T00:00:00Z";
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A cache without an engine: what would be asked is written down. */
class Home {
  readonly records = new Map<string, ContainerRecord>();
  readonly asked: string[] = [];
  listing: ContainerSummary[] = [];
  beforeAnswer = (): void => undefined;
  busy = false;
  isBehind = false;
  readonly told: ToldContainers;
  constructor(exact = false) {
    const home: ToldHome = {
      exact,
      get: (id) => this.records.get(id),
      set: (container) => this.set(container),
      replace: (record) => void this.records.set(record.id, record),
      isBeingRead: () => this.busy,
      read: (id) => {
        this.asked.push(`read ${id.slice(0, 1)}`);
        return Promise.resolve();
      },
      list: async (ids) => {
        this.asked.push(`list ${ids.map((id) => id.slice(0, 1)).join(" ")}`);
        await turn();
        this.beforeAnswer();
        return this.listing;
      },
      behind: (isBehind) => {
        expect(isBehind, "told what is known").not.to.equal(this.isBehind);
        this.isBehind = isBehind;
      },
    };
    this.told = new ToldContainers(home);
  }
  set({ summary, inspect }: ToldContainer): void {
    const options = { engineCpus: 4, countMemoryReservation: false, told: true };
    this.records.set(inspect.Id, containerRecord(engine, summary, inspect, options));
  }
  holds(parts: RecordParts): void {
    const one = record({ id: ID, ...parts });
    this.records.set(one.id, one);
  }
  get state(): string {
    return this.records.get(ID)?.inspect.State.Status ?? "gone";
  }
}

const event = (Action: string, attributes: Record<string, string> = {}): EngineEvent => ({
  Type: "container",
  Action,
  Actor: { ID, Attributes: attributes },
  timeNano: 1_700_000_000_000_000_000n,
});
const createEvent = (labels: Record<string, string> = {}): EngineEvent =>
  event("create", { "com.docker.swarm.id": SWARM, image: "busybox", name: "web", ...labels });
const body = {
  Image: "busybox",
  Labels: { "com.docker.swarm.id": SWARM, tier: "front" },
  HostConfig: { Memory: 64, NanoCpus: 2e9, PortBindings: { "80/tcp": [{ HostPort: "8080" }] } },
};

describe("cluster/told-containers", () => {
  let home: Home;
  beforeEach(() => {
    home = new Home();
  });
  afterEach(() => home.told.forgetAll());

  describe("a container being made", () => {
    it("is known from its body and its event, without a question", async () => {
      using expected = home.told.expect(SWARM, body);
      expect(home.told.follow(createEvent({ from: "image" }), ID)).to.equal(true);
      expect(await expected.told(ID)).to.equal(true);
      const made = home.records.get(ID);
      expect(made).to.deep.include({ names: ["web"], swarmId: SWARM, memoryBytes: 64, cpus: 2, told: true });
      expect(made?.labels).to.deep.equal({ ...body.Labels, from: "image" });
      expect(made?.usedPorts.map(({ hostPort }) => hostPort)).to.deep.equal(["8080"]);
      expect([home.state, home.asked]).to.deep.equal(["created", []]);
    });

    it("may have its event after its answer", async () => {
      using expected = home.told.expect(SWARM, body);
      const told = expected.told(ID);
      await turn();
      home.told.follow(createEvent(), ID);
      expect(await told).to.equal(true);
    });

    it("must be read when no event comes", async () => {
      using expected = home.told.expect(SWARM, body);
      expect(await expected.told(ID)).to.equal(false);
    });

    it("must be read when it is not the one expected", async () => {
      using expected = home.told.expect(SWARM, body);
      expect(home.told.follow(createEvent({ "com.docker.swarm.id": hex("9") }), ID)).to.equal(false);
      home.told.follow(createEvent(), ID);
      expect(await expected.told(hex("d"))).to.equal(false);
    });

    it("is not expected any more when the create has ended", () => {
      home.told.expect(SWARM, body)[Symbol.dispose]();
      expect(home.told.follow(createEvent(), ID)).to.equal(false);
    });

    // prettier-ignore
    const exact = [
      { it: "is followed for rescheduling", body: { ...body, Labels: { ...body.Labels, "com.docker.swarm.reschedule-policies": '["on-node-failure"]' } }, event: createEvent() },
      { it: "is followed by its image's word", body, event: createEvent({ "com.docker.swarm.reschedule-policy": "on-node-failure" }) },
      { it: "may be moved", body: { ...body, Labels: { ...body.Labels, "com.docker.swarm.movable": "true" } }, event: createEvent() },
      { it: "is on its node's network", body: { ...body, HostConfig: { NetworkMode: "host" } }, event: createEvent() },
      { it: "is in a network of its own", body: { ...body, HostConfig: { NetworkMode: "shop" } }, event: createEvent() },
      { it: "joins more networks",      body: { ...body, NetworkingConfig: { EndpointsConfig: { shop: {} } } }, event: createEvent() },
      { it: "has volumes",              body: { ...body, HostConfig: { Binds: ["data:/data"] } }, event: createEvent() },
      { it: "has mounts",               body: { ...body, HostConfig: { Mounts: [{ Type: "volume", Target: "/x" }] } }, event: createEvent() },
      { it: "has another's volumes",    body: { ...body, HostConfig: { VolumesFrom: ["db"] } }, event: createEvent() },
      { it: "has anonymous volumes",    body: { ...body, Volumes: { "/x": {} } }, event: createEvent() },
    ];
    for (const { it: what, body: given, event: come } of exact) {
      it(`must be read when it ${what}`, async () => {
        using expected = home.told.expect(SWARM, given);
        expect(home.told.follow(come, ID)).to.equal(false);
        expect(await expected.told(ID)).to.equal(false);
        expect(home.records.size).to.equal(0);
      });
    }
  });

  it("leaves everything to reading where rules look at more", () => {
    const exact = new Home(true);
    exact.holds({});
    expect(exact.told.follow(event("die", { exitCode: "0" }), ID)).to.equal(false);
    using _expected = exact.told.expect(SWARM, body);
    expect(
      exact.told.follow({ ...createEvent(), Actor: { ...createEvent().Actor, ID: hex("d") } }, hex("d")),
    ).to.equal(false);
  });

  it("follows a start and an end", () => {
    home.holds({ state: { Status: "created", Running: false } });
    expect(home.told.follow(event("start"), ID)).to.equal(true);
    expect(home.state).to.equal("running");
    home.told.follow(event("die", { exitCode: "3" }), ID);
    expect([home.state, home.records.get(ID)?.inspect.State.ExitCode]).to.deep.equal(["exited", 3]);
    expect(home.asked).to.deep.equal([]);
  });

  // prettier-ignore
  const chosen = [
    { it: "all exposed ones",     host: { PublishAllPorts: true } },
    { it: "any",                  host: { PortBindings: { "80/tcp": [{ HostPort: "" }] } } },
    { it: "one of a range",       host: { PortBindings: { "80/tcp": [{ HostPort: "8000-8010" }] } } },
  ];
  for (const { it: what, host } of chosen) {
    it(`leaves the start to reading where the engine chooses host ports: ${what}`, () => {
      home.holds({ host, state: { Status: "created", Running: false } });
      expect(home.told.follow(event("start"), ID)).to.equal(false);
      expect(home.told.started(ID, NEVER, 1_700_000_000_000)).to.equal(false);
      expect(home.told.follow(event("pause"), ID)).to.equal(false);
    });
  }

  it("lets a run that is over be over, where its end was heard before the answer to its start", () => {
    home.holds({ state: { Status: "created", Running: false, StartedAt: NEVER } });
    home.told.follow(event("start"), ID);
    home.told.follow(event("die", { exitCode: "0" }), ID);
    expect(home.told.started(ID, NEVER, 1_800_000_000_000)).to.equal(true);
    expect(home.state).to.equal("exited");
  });

  it("takes the engine's word for a start, once", () => {
    home.holds({ state: { Status: "created", Running: false } });
    expect(home.told.started(ID, NEVER, 1_700_000_000_000)).to.equal(true);
    const first = home.records.get(ID);
    expect(home.told.started(ID, NEVER, 1_800_000_000_000)).to.equal(true);
    expect(home.records.get(ID)).to.equal(first);
    expect(home.state).to.equal("running");
  });

  it("forgets the ports of what has ended, but for those asked for", () => {
    const bindings = { "80/tcp": [{ HostPort: "8080" }] };
    home.holds({
      host: { PortBindings: bindings },
      ports: { "81/tcp": [{ HostIp: "", HostPort: "32768" }] },
    });
    expect(home.records.get(ID)?.usedPorts.map(({ hostPort }) => hostPort)).to.deep.equal(["8080", "32768"]);
    home.told.follow(event("die", { exitCode: "0" }), ID);
    expect(home.records.get(ID)?.usedPorts.map(({ hostPort }) => hostPort)).to.deep.equal(["8080"]);
  });

  // prettier-ignore
  const unread = [
    { it: "events of a container nobody knows",          hold: undefined, busy: false },
    { it: "containers that are followed for rescheduling", hold: { labels: { "com.docker.swarm.reschedule-policies": "[]" } }, busy: false },
    { it: "containers that are being read right now",    hold: {}, busy: true },
  ];
  for (const { it: what, hold, busy } of unread) {
    it(`leaves ${what} to reading`, () => {
      if (hold !== undefined) home.holds(hold);
      home.busy = busy;
      expect(home.told.follow(event("die", { exitCode: "0" }), ID)).to.equal(false);
    });
  }

  describe("settling", () => {
    const noted = (parts: RecordParts = {}): void => {
      home.holds({ state: { Status: "created", Running: false }, ...parts });
      home.told.follow(event("start"), ID);
    };

    it("asks for the list entries of all that events told of, at once", async () => {
      noted();
      const other = record({ id: hex("d") });
      home.records.set(other.id, other);
      home.told.follow({ ...event("pause"), Actor: { ID: other.id } }, other.id);
      home.listing = [
        {
          ...summarised({ id: ID }),
          Ports: [{ IP: "0.0.0.0", PrivatePort: 80, PublicPort: 32_768, Type: "tcp" }],
        },
        { ...summarised({ id: other.id }), State: "paused", Status: "Up 2 seconds (Paused)" },
      ];
      expect(home.told.isSettled).to.equal(false);
      await home.told.settle();
      expect([home.asked, home.told.isSettled]).to.deep.equal([["list c d"], true]);
      expect(home.records.get(ID)?.usedPorts).to.deep.equal([
        { containerPort: "80/tcp", hostIp: "0.0.0.0", hostPort: "32768", holder: "web" },
      ]);
    });

    it("comes with a list of all containers, without a question", () => {
      noted();
      const Ports = [{ IP: "0.0.0.0", PrivatePort: 80, PublicPort: 32_768, Type: "tcp" }];
      home.told.takeListed([{ ...summarised({ id: ID }), Ports }], new Map(home.records));
      expect([home.asked, home.told.isSettled]).to.deep.equal([[], true]);
      expect(home.records.get(ID)?.summary.Ports).to.deep.equal(Ports);
    });

    it("leaves a container to whoever compares, where that list says something else", () => {
      noted();
      const before = home.records.get(ID);
      home.told.takeListed(
        [{ ...summarised({ id: ID }), State: "exited", Status: "Exited (1) now" }],
        new Map(home.records),
      );
      expect([home.records.get(ID), home.told.isSettled]).to.deep.equal([before, true]);
    });

    it("waits for the next list, where an event came since this one was asked for", () => {
      noted();
      const before = new Map(home.records);
      home.holds({ names: ["other"] });
      const now = home.records.get(ID);
      home.told.takeListed([summarised({ id: ID })], before);
      expect([home.records.get(ID), home.told.isSettled]).to.deep.equal([now, false]);
    });

    it("says when there is something to settle, and when no longer", async () => {
      expect(home.isBehind).to.equal(false);
      noted();
      expect(home.isBehind).to.equal(true);
      home.listing = [summarised({ id: ID })];
      await home.told.settle();
      expect(home.isBehind).to.equal(false);
      noted();
      home.told.wasRead(ID);
      expect(home.isBehind).to.equal(false);
      noted();
      home.told.forgetAll();
      expect(home.isBehind).to.equal(false);
    });

    it("makes no new record where the list says nothing new but the time", async () => {
      const entry = summarised({ id: ID });
      noted();
      home.listing = [entry];
      await home.told.settle();
      const settled = home.records.get(ID);
      home.told.follow(event("connect"), ID);
      home.listing = [{ ...structuredClone(entry), Status: "Up 9 minutes" }];
      await home.told.settle();
      expect(home.records.get(ID)).to.equal(settled);
      home.told.follow(event("connect"), ID);
      const NetworkSettings = { Networks: { shop: { NetworkID: "s" } } };
      home.listing = [{ ...structuredClone(entry), NetworkSettings }];
      await home.told.settle();
      expect(home.records.get(ID)?.summary.NetworkSettings).to.deep.equal(NetworkSettings);
      expect(home.asked).to.deep.equal(["list c", "list c", "list c"]);
    });

    // prettier-ignore
    const renamed = [
      { it: "name",   entry: { Names: ["/web", "/db/link"] }, has: { names: ["web", "db/link"] } },
      { it: "label",  entry: { Labels: { tier: "back" } },    has: { labels: { tier: "back" } } },
      { it: "swarm ID", entry: { Labels: { "com.docker.swarm.id": SWARM } }, has: { swarmId: SWARM } },
    ];
    for (const { it: what, entry, has } of renamed) {
      it(`takes a new ${what} from the list`, async () => {
        noted();
        home.listing = [{ ...summarised({ id: ID }), ...entry }];
        await home.told.settle();
        const { names, labels, swarmId } = home.records.get(ID) ?? {};
        expect({ names, labels, swarmId }).to.deep.include(has);
      });
    }

    // prettier-ignore
    const different = [
      { it: "is in another state",   entry: { State: "exited", Status: "Exited (0) 1 second ago" } },
      { it: "has health checks",     entry: { Status: "Up 1 second (health: starting)" } },
    ];
    for (const { it: what, entry } of different) {
      it(`reads in full what ${what}`, async () => {
        noted();
        home.listing = [{ ...summarised({ id: ID }), ...entry }];
        await home.told.settle();
        expect(home.asked).to.deep.equal(["list c", "read c"]);
      });
    }

    it("reads what is not listed: it may be gone", async () => {
      noted();
      await home.told.settle();
      expect(home.asked).to.deep.equal(["list c", "read c"]);
    });

    it("does not believe a list that is older than an event", async () => {
      noted();
      home.listing = [summarised({ id: ID })];
      home.beforeAnswer = () => {
        home.beforeAnswer = () => undefined;
        home.told.follow(event("die", { exitCode: "1" }), ID);
        home.listing = [{ ...summarised({ id: ID }), State: "exited", Status: "Exited (1) 1 second ago" }];
      };
      await home.told.settle();
      expect([home.state, home.asked]).to.deep.equal(["exited", ["list c", "list c"]]);
    });

    it("leaves it to the next sweep when the engine cannot be asked", async () => {
      noted();
      home.beforeAnswer = () => {
        throw new Error("away");
      };
      await home.told.settle();
      expect([home.state, home.told.isSettled]).to.deep.equal(["running", false]);
    });
  });
});
