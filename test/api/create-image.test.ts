import { expect } from "chai";
import { missingImageHabit } from "../../src/api/containers/create-client.ts";
import type { FollowImage } from "../../src/config.ts";
import { startManager, until, type Answer, type ManagerOptions, type TestManager } from "./support.ts";

const CLI = { "User-Agent": "Docker-Client/28.2.2 (linux)" };
const PYTHON = { "User-Agent": "docker-sdk-python/7.1.0" };
const AUTH = { "X-Registry-Auth": "c2VjcmV0" };

const idOf = (answer: Answer): string => {
  expect(answer.status, answer.text).to.equal(201);
  return (answer.json() as { Id: string }).Id;
};

function using(options: ManagerOptions = {}) {
  let manager: TestManager;
  beforeEach(async () => {
    manager = await startManager(options);
  });
  afterEach(() => manager[Symbol.asyncDispose]());
  return {
    manager: () => manager,
    create: (body: object, headers: Readonly<Record<string, string>> = CLI, query = "") =>
      manager.ask("POST", `/v1.41/containers/create${query}`, { body, headers }),
    pull: (from: string, headers: Readonly<Record<string, string>> = { ...CLI, ...AUTH }) =>
      manager.ask("POST", `/v1.41/images/create?fromImage=${encodeURIComponent(from)}&tag=latest`, {
        headers,
      }),
    nodeOf: (answer: Answer) => manager.engineOf(idOf(answer)).name,
    pulls: () => manager.engines.map((engine) => engine.count("POST /images/create")),
    loads: () => manager.engines.map((engine) => engine.count("POST /images/load")),
    containers: () => manager.engines.map(({ containers }) => containers.size),
  };
}

describe("api/create, a missing image and the client's own pull", () => {
  const { manager, create, pull, nodeOf, pulls, containers } = using();
  const node2 = { Image: "alpine", Env: ["constraint:node==node-2"] };

  // prettier-ignore
  const habits = [
    { agent: "Docker-Client/28.2.2 (linux)",                             version: "1.50",    habit: "pulls" },
    { agent: "Docker-Client/17.03.0-ce (linux)",                         version: "1.26",    habit: "pulls" },
    { agent: "Docker-Client/28.2.2 (linux)",                             version: undefined, habit: "fails" },
    { agent: "Docker-Client/unknown-version (linux)",                    version: "1.50",    habit: "fails" },
    { agent: "compose/2.40.3-3",                                         version: "1.50",    habit: "fails" },
    { agent: "Go-http-client/1.1",                                       version: "1.50",    habit: "fails" },
    { agent: "docker-compose/1.29.2 docker-py/5.0.3 Linux/6.1",          version: "1.41",    habit: "fails" },
    { agent: "docker-sdk-python/5.0.3",                                  version: "1.41",    habit: "may-pull" },
    { agent: "",                                                         version: undefined, habit: "fails" },
  ] as const;
  for (const { agent, version, habit } of habits) {
    it(`knows of ${agent === "" ? "a client without a name" : agent}, API ${version ?? "any"}, that it ${habit}`, () => {
      expect(missingImageHabit(agent, version)).to.equal(habit);
    });
  }

  it("tells the command line client, pulls by its credentials on the chosen node alone, and creates there", async () => {
    const told = await create(node2);
    expect([told.status, told.message]).to.deep.equal([404, "No such image: alpine:latest"]);
    expect(pulls()).to.deep.equal([0, 0, 0]);

    const pulled = await pull("docker.io/library/alpine");
    expect(pulled.status).to.equal(200);
    expect(pulled.text).to.include('"progressDetail"').and.to.not.include("node-2");
    expect(pulls()).to.deep.equal([0, 1, 0]);
    const sent = manager().engines[1]!.requests.find(({ route }) => route === "POST /images/create");
    expect(sent?.headers["x-registry-auth"]).to.equal("c2VjcmV0");

    expect(nodeOf(await create(node2))).to.equal("node-2");
    expect(pulls()).to.deep.equal([0, 1, 0]);
    expect(manager().log.join("")).to.not.include("c2VjcmV0");
  });

  it("goes to the node of the pull though the strategy would now choose another", async () => {
    expect((await create({ Image: "alpine" })).status).to.equal(404);
    await pull("alpine");
    const [at] = pulls().flatMap((count, index) => (count === 1 ? [manager().engines[index]!] : []));
    for (const _ of [1, 2]) await manager().create({ Env: [`constraint:node==${at!.name}`] });
    expect(nodeOf(await create({ Image: "alpine" }))).to.equal(at!.name);
  });

  it("goes elsewhere when the node of the pull no longer fits", async () => {
    const body = { Image: "alpine", HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "80" }] } } };
    expect((await create(body)).status).to.equal(404);
    await pull("alpine");
    const [at] = pulls().flatMap((count, index) => (count === 1 ? [manager().engines[index]!] : []));
    await manager().create({ HostConfig: body.HostConfig, Env: [`constraint:node==${at!.name}`] });
    expect(nodeOf(await create(body))).to.not.equal(at!.name);
  });

  it("takes the client's credentials to no node that has left the cluster meanwhile", async () => {
    const [, left] = manager().engines;
    expect((await create(node2)).status).to.equal(404);
    manager().setEngines(manager().engines.filter((engine) => engine !== left));
    await until(async () => !(await manager().ask("GET", "/info")).text.includes("node-2"));
    expect((await pull("alpine")).text).to.include("node-1");
    expect(pulls()).to.deep.equal([1, 0, 1]);
  });

  it("spreads concurrent creates as if they had been placed", async () => {
    const all = <T>(work: (n: number) => Promise<T>) =>
      Promise.all(Array.from({ length: 6 }, (_, n) => work(n)));
    const told = await all((n) => create({ Image: "alpine" }, CLI, `?name=web-${String(n)}`));
    expect(told.map(({ status }) => status)).to.deep.equal(Array(6).fill(404));
    await all(() => pull("alpine"));
    expect(pulls()).to.deep.equal([2, 2, 2]);
    for (const answer of await all((n) => create({ Image: "alpine" }, CLI, `?name=web-${String(n)}`)))
      idOf(answer);
    expect(containers()).to.deep.equal([2, 2, 2]);
  });

  it("holds neither name nor port for a client that does not come back", async () => {
    const HostConfig = { PortBindings: { "80/tcp": [{ HostPort: "80" }] } };
    for (const node of ["node-1", "node-2", "node-3"]) {
      const body = { Image: "alpine", HostConfig, Env: [`constraint:node==${node}`] };
      expect((await create(body, CLI, "?name=web")).status).to.equal(404);
    }
    idOf(await create({ Image: "busybox", HostConfig }, CLI, "?name=web"));
  });

  it("never tells the repeated create, whatever became of the image", async () => {
    expect((await create(node2)).status).to.equal(404);
    await pull("alpine");
    const { images } = manager().engines[1]!.state;
    for (const { id, tags } of [...images.values()]) if (tags.includes("alpine:latest")) images.delete(id);
    expect(nodeOf(await create(node2))).to.equal("node-2");
    expect(pulls()).to.deep.equal([0, 2, 0]);
  });

  it("believes a node that it no longer has the image", async () => {
    await create(node2, {});
    const { images } = manager().engines[1]!.state;
    for (const { id, tags } of [...images.values()]) if (tags.includes("alpine:latest")) images.delete(id);
    expect((await create(node2)).status).to.equal(404);
  });

  it("lets the client's pull fail where it happens, and tells it again next time", async () => {
    const body = { Image: "nope" };
    expect((await create(body)).status).to.equal(404);
    const answer = await pull("nope");
    expect(answer.status).to.equal(404);
    expect(answer.message).to.match(/^pull access denied for nope/);
    expect((await create(body)).status).to.equal(404);
  });

  it("does not tell a client that could do no better", async () => {
    expect(
      (await create({ Image: "alpine" }, { ...CLI, ...AUTH })).status,
      "has sent its credentials",
    ).to.equal(201);
    expect((await create({ Image: "redis" }, {})).status, "has no name").to.equal(201);
    expect((await create({ Image: "alpine" })).status, "another node has it").to.equal(201);
    const id = "f".repeat(64);
    expect((await create({ Image: id })).status, "an ID cannot be pulled").to.equal(500);
  });

  it("tells the Python SDK only what a registry denied, and in the words it looks for", async () => {
    expect((await create({ Image: "alpine" }, PYTHON)).status).to.equal(201);
    const denied = await create({ Image: "nope", Env: ["constraint:node==node-3"] }, PYTHON);
    expect(denied.status).to.equal(404);
    expect(denied.message).to.match(/^No such image: nope \(pull access denied for nope/);
    const { pullable } = manager().engines[2]!.state as unknown as { pullable: Set<string> };
    pullable.add("nope:latest");
    const before = pulls();
    expect((await pull("nope", { ...PYTHON, ...AUTH })).status).to.equal(200);
    expect(pulls()).to.deep.equal([before[0], before[1], before[2]! + 1]);
    pullable.delete("nope:latest");
    manager().engines[0]!.failNext("POST /images/create", 500, "dial tcp: lookup registry: no such host");
    expect((await create({ Image: "redis", Env: ["constraint:node==node-1"] }, PYTHON)).status).to.equal(500);
  });

  it("has the pull go to one node also when the 404 was about something else: the client does not ask", async () => {
    manager().engines[2]!.failNext("POST /containers/create", 404, 'plugin "nope" not found');
    const told = await create({ Image: "alpine", Env: ["constraint:node==node-3"] });
    expect([told.status, told.message]).to.deep.equal([404, 'plugin "nope" not found']);
    await pull("alpine");
    expect(pulls()).to.deep.equal([0, 0, 1]);
  });

  it("answers other clients as ever, with 500", async () => {
    for (const agent of ["compose/2.40.3", "Go-http-client/1.1", "docker-compose/1.29.2 docker-py/5.0.3"]) {
      const answer = await create({ Image: "nope" }, { "User-Agent": agent });
      expect([answer.status, answer.message.slice(0, 18)]).to.deep.equal([500, "pull access denied"]);
    }
  });
});

/** node-2 has an image that no registry knows, and another that a registry may have had. */
const engines: ManagerOptions["engines"] = [
  { name: "node-1" },
  { name: "node-2", images: ["busybox", "lost:1"] },
  { name: "node-3" },
];

for (const followImage of ["fallback", "always", "never"] as FollowImage[]) {
  describe(`api/create with swarm.followimage=${followImage}`, () => {
    const { manager, create, nodeOf, pulls, loads } = using({ engines, cluster: { followImage } });
    let id: string;
    const elsewhere = { Env: ["constraint:node!=node-2"] };
    beforeEach(async () => {
      // What a build leaves: a name, and no digest.
      const [holder] = manager().engines.slice(1);
      id = `sha256:${"ab".repeat(32)}`;
      const image = {
        id,
        tags: ["built:1"],
        digests: [],
        createdMs: 0,
        sizeBytes: 1,
        labels: null,
        cmd: ["sh"],
        comment: "",
      };
      holder!.state.images.set(id, image);
      holder!.emit({ type: "image", action: "tag", id, attributes: { name: "built:1" } });
      await until(
        async () => (await manager().ask("GET", "/images/json")).text.includes("built:1"),
        "the image",
      );
      for (const _ of [1, 2]) await manager().create({ Env: ["constraint:node==node-2"] });
    });

    it(followImage === "always" ? "brings it to the strategy's node" : "goes to its node", async () => {
      for (const [Image, asked] of [
        ["built:1", 0],
        ["lost:1", 1],
      ] as const) {
        const node = nodeOf(await create({ Image }));
        expect(node === "node-2", Image).to.equal(followImage !== "always");
        expect(
          pulls().reduce((sum, count) => sum + count, 0),
          `registries asked for ${Image}`,
        ).to.equal(asked);
      }
    });

    for (const [how, Image] of [
      ["name", "built:1"],
      ["short ID", "abababababab"],
      ["ID", `sha256:${"ab".repeat(32)}`],
    ] as const) {
      it(`${followImage === "never" ? "does not bring" : "brings"} it by its ${how} where its node does not fit`, async () => {
        const answer = await create({ Image, ...elsewhere });
        if (followImage === "never") {
          expect(answer.status).to.equal(500);
          expect(loads()).to.deep.equal([0, 0, 0]);
          return;
        }
        expect(nodeOf(answer)).to.not.equal("node-2");
        expect(loads().reduce((sum, count) => sum + count, 0)).to.equal(1);
        expect(pulls()).to.deep.equal([0, 0, 0]);
        const [saved] = manager().engines[1]!.requests.filter(({ route }) => route === "GET /images/get");
        expect(new URL(`http://x${saved?.url ?? ""}`).searchParams.get("names")).to.equal(
          how === "name" ? "built:1" : id,
        );
      });
    }

    it("says why it could not be brought", async () => {
      manager().engines[1]!.failNext("GET /images/get", 500, "disk on fire");
      const answer = await create({ Image: "lost:1", Env: ["constraint:node==node-1"] });
      expect(answer.status, "the client may have credentials").to.equal(404);
      expect(answer.message).to.include("pull access denied for lost");
      if (followImage !== "never")
        expect(answer.message).to.include("; cannot copy image lost:1 to node-1: node-2: disk on fire");
    });

    it("cannot bring what is asked for by digest, for copies lose it", async () => {
      const [digest] = [...manager().engines[1]!.state.images.values()].flatMap(({ tags, digests }) =>
        tags.includes("lost:1") ? digests : [],
      );
      const headers = { "User-Agent": "curl" };
      expect(nodeOf(await create({ Image: digest }, headers))).to.equal("node-2");
      const answer = await create({ Image: digest, ...elsewhere }, headers);
      expect(answer.status).to.equal(500);
      if (followImage !== "never")
        expect(answer.message).to.include("a digest does not go along with a copy");
      expect(manager().engines.map((engine) => engine.count("GET /images/get"))).to.deep.equal([0, 0, 0]);
      expect(loads()).to.deep.equal([0, 0, 0]);
    });

    it("comes along when a start moves to another node for a taken port", async () => {
      const id = idOf(
        await create({ Image: "lost:1", HostConfig: { PortBindings: { "81/tcp": [{ HostPort: "81" }] } } }),
      );
      const [first] = manager().engines.filter((engine) => engine.containers.has(id));
      first!.holdPort(81);
      const moved = await manager().ask("POST", `/v1.41/containers/${id}/start`);
      if (followImage === "never") expect(moved.text).to.include("pull access denied for lost");
      else expect(moved.status, moved.text).to.equal(204);
    });

    it("does not let a failed create keep its name", async () => {
      for (const engine of manager().engines) engine.failNext("POST /images/load", 500, "no space left");
      manager().engines[1]!.failNext("GET /images/get", 500, "disk on fire");
      const body = { Image: "built:1", ...elsewhere };
      expect((await create(body, CLI, "?name=web")).status).to.equal(500);
      idOf(await create({ Image: "busybox" }, CLI, "?name=web"));
    });
  });
}
