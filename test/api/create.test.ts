import { expect } from "chai";
import { startManager, until, type TestManager } from "./support.ts";

const LABEL = "com.docker.swarm.";

describe("api/create", () => {
  let manager: TestManager;
  beforeEach(async () => {
    manager = await startManager({
      engines: [
        { name: "node-1", cpus: 2, images: ["busybox", "app:1"] },
        { name: "node-2", cpus: 2, images: ["busybox", "only:2"] },
        { name: "node-3", cpus: 2 },
      ],
    });
  });
  afterEach(() => manager[Symbol.asyncDispose]());
  const post = (body: unknown, query = "", headers = {}) =>
    manager.ask("POST", `/v1.41/containers/create${query}`, { body, headers });
  /** A container as its engine has it. */
  const sim = (id: string) => manager.engineOf(id).container(id);
  const pulls = () => manager.engines.map((engine) => engine.count("POST /images/create"));

  it("answers 201 with the ID and an empty list of warnings", async () => {
    const answer = await post({ Image: "busybox" });
    expect(answer.status).to.equal(201);
    expect(answer.fields()).to.have.all.keys("Id", "Warnings");
    expect(answer.fields().Id).to.match(/^[0-9a-f]{64}$/);
    expect(answer.fields().Warnings).to.deep.equal([]);
  });

  it("is in the list when the answer is there", async () => {
    const id = await manager.create({}, "now");
    const listed = (await manager.ask("GET", "/containers/json?all=1")).json() as { Id: string }[];
    expect(listed.map(({ Id }) => Id)).to.deep.equal([id]);
  });

  it("moves expressions from the environment into labels and keeps the rest (L9)", async () => {
    const id = await manager.create({
      Env: [
        "constraint:node==node-1",
        "A=b",
        "affinity:image==busybox",
        "whitelist:node==node-1|node-2",
        "reschedule:on-node-failure",
        "X",
      ],
      Labels: { mine: "1" },
    });
    expect(manager.engineOf(id).name).to.equal("node-1");
    const { Env, Labels } = sim(id).config;
    expect(Env).to.deep.equal(["A=b", "X"]);
    expect(Labels).to.include({
      mine: "1",
      [`${LABEL}affinities`]: '["image==busybox"]',
      [`${LABEL}constraints`]: '["node==node-1"]',
      [`${LABEL}whitelists`]: '["node==node-1|node-2"]',
      [`${LABEL}reschedule-policies`]: '["on-node-failure"]',
    });
    expect(Labels?.[`${LABEL}id`]).to.match(/^[0-9a-f]{64}$/);
  });

  it("merges expressions of labels and environment, labels first", async () => {
    const id = await manager.create({
      Env: ["constraint:node!=node-3"],
      Labels: { [`${LABEL}constraints`]: '["node!=node-1"]', [`${LABEL}id`]: "f".repeat(64) },
    });
    expect(manager.engineOf(id).name).to.equal("node-2");
    expect(sim(id).config.Labels).to.include({
      [`${LABEL}constraints`]: '["node!=node-1","node!=node-3"]',
      [`${LABEL}id`]: "f".repeat(64),
    });
  });

  // prettier-ignore
  const networks = [
    { it: "a local network named with its node (L5)", mode: "node-2/back", sent: "back", node: "node-2", constraints: '["node==~node-2"]' },
    { it: "a local network only one node has (L6)",   mode: "back",        sent: "back", node: "node-2", constraints: '["node==~node-2"]' },
    { it: "the host's network (L7)",                  mode: "host",        sent: "host", node: "node-1", constraints: undefined },
    { it: "an unknown network (L8)",                  mode: "nonet",       sent: "nonet", node: "node-1", constraints: undefined },
  ];
  for (const c of networks) {
    it(`places ${c.it}`, async () => {
      const addr = manager.engines[1]!.addr;
      await fetch(`http://${addr}/networks/create`, {
        method: "POST",
        body: JSON.stringify({ Name: "back" }),
      });
      await until(
        async () => (await manager.ask("GET", "/networks")).text.includes('"node-2/back"'),
        "the network",
      );
      const id = await manager.create({ HostConfig: { NetworkMode: c.mode } });
      expect(manager.engineOf(id).name).to.equal(c.node);
      expect(sim(id).hostConfig.NetworkMode).to.equal(c.sent);
      expect(sim(id).config.Labels?.[`${LABEL}constraints`]).to.equal(c.constraints);
    });
  }

  it("takes CpuShares for a number of CPUs (L10)", async () => {
    const id = await manager.create({ HostConfig: { CpuShares: 1 } });
    expect(sim(id).hostConfig.CpuShares).to.equal(512);
    const info = (await manager.ask("GET", "/info")).json() as { SystemStatus: [string, string][] };
    expect(
      info.SystemStatus.filter(([key]) => key.includes("Reserved CPUs")).map(([, value]) => value),
    ).to.deep.equal(["1 / 2", "0 / 2", "0 / 2"]);
  });

  // prettier-ignore
  const tooMuch = [
    { it: "more memory", HostConfig: { Memory: 99999999999999 } },
    { it: "more CPUs",   HostConfig: { CpuShares: 3 } },
    { it: "more CPUs at top level, as old clients say it", CpuShares: 3 },
  ];
  for (const { it: what, ...body } of tooMuch) {
    it(`refuses ${what} than any node has with 500 (L11)`, async () => {
      const answer = await post({ Image: "busybox", ...body });
      expect(answer.status).to.equal(500);
      expect(answer.message).to.match(/^no resources available to schedule container/);
    });
  }

  it("answers 500 with the contract's first lines when no node fits", async () => {
    const answer = await post({ Image: "busybox", Env: ["constraint:node==nope"] });
    expect(answer.status).to.equal(500);
    expect(answer.message).to.match(/^Unable to find a node that satisfies the following conditions/);
    expect(answer.message).to.include("[node==nope]");
  });

  it("answers 409 in the words clients match when the name is taken on any node", async () => {
    const id = await manager.create({}, "web");
    const answer = await post({ Image: "busybox" }, "?name=%2Fweb");
    expect(answer.status).to.equal(409);
    expect(answer.message).to.equal(
      "Conflict: The name web is already assigned. You have to delete (or rename) that container to be able to assign web to a container again.",
    );
    await manager.ask("DELETE", `/containers/${id}`);
    expect((await post({ Image: "busybox" }, "?name=web")).status).to.equal(201);
  });

  it("passes fields on that it does not know, as they are", async () => {
    const extra = {
      Odd: { deep: [1, null, "\u00e9\ud83d\ude00", { __proto__x: true }] },
      Annotations: { a: "b" },
    };
    const id = await manager.create({
      ...extra,
      HostConfig: { CgroupnsMode: "private", Nope: [1.5, -0.25] },
    });
    expect(sim(id).config).to.deep.include(extra);
    expect(sim(id).hostConfig).to.deep.include({ CgroupnsMode: "private", Nope: [1.5, -0.25] });
  });

  it("reads names of fields as engines do, whatever their case", async () => {
    const id = await manager.create({
      env: ["constraint:node==node-3", "A=b"],
      labels: { mine: "1" },
      hostconfig: { portbindings: { "80/tcp": [{ hostport: "8080" }] } },
    });
    expect(manager.engineOf(id).name).to.equal("node-3");
    expect(sim(id).config.Env).to.deep.equal(["A=b"]);
    expect(sim(id).config.Labels).to.include({ mine: "1" });
    const again = await post({
      Image: "busybox",
      Env: ["constraint:node==node-3"],
      HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } },
    });
    expect(again.status).to.equal(500);
  });

  it("sends platform and name on with the create", async () => {
    await post({ Image: "busybox" }, "?name=web&platform=linux%2Famd64");
    const sent = manager.engines
      .flatMap(({ requests }) => requests)
      .find(({ route }) => route === "POST /containers/create");
    expect(sent?.url).to.equal("/v1.41/containers/create?name=web&platform=linux%2Famd64");
  });

  it("pulls a missing image on the chosen node alone, with the client's credentials and platform", async () => {
    const answer = await post(
      { Image: "alpine", Env: ["constraint:node==node-2"] },
      "?platform=linux%2Famd64",
      { "X-Registry-Auth": "c2VjcmV0" },
    );
    expect(answer.status).to.equal(201);
    expect(pulls()).to.deep.equal([0, 1, 0]);
    const pull = manager.engines[1]!.requests.find(({ route }) => route === "POST /images/create");
    expect(pull?.headers["x-registry-auth"]).to.equal("c2VjcmV0");
    expect(Object.fromEntries(new URL(`http://x${pull?.url ?? ""}`).searchParams)).to.deep.equal({
      fromImage: "alpine",
      tag: "latest",
      platform: "linux/amd64",
    });
    expect(manager.log.join("")).to.not.include("c2VjcmV0");
  });

  it("answers 500, never 404, when an image cannot be had: the client would pull it everywhere", async () => {
    for (const Image of ["nope", "busybox:nope"]) {
      const answer = await post({ Image });
      expect(answer.status, Image).to.equal(500);
      expect(answer.message).to.match(/does not exist|not found/);
    }
  });

  // prettier-ignore
  const mismatches = [
    "image with reference busybox was found but its platform (linux/amd64) does not match the specified platform (linux/arm64)",
    "image with reference busybox was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64",
  ];
  for (const message of mismatches) {
    it(`pulls when the engine has another platform's image: ${message.slice(27, 66)}`, async () => {
      for (const engine of manager.engines) engine.failNext("POST /containers/create", 404, message);
      expect((await post({ Image: "busybox" }, "?platform=linux%2Farm64")).status).to.equal(201);
      expect(pulls().reduce((sum, count) => sum + count, 0)).to.equal(1);
    });
  }

  it("answers 500 when a pull did not bring what was asked for", async () => {
    const [engine] = manager.engines;
    const [message] = mismatches;
    for (let n = 0; n < 2; n++) engine!.failNext("POST /containers/create", 404, message!);
    const answer = await post(
      { Image: "busybox", Env: ["constraint:node==node-1"] },
      "?platform=linux%2Farm64",
    );
    expect([answer.status, answer.message]).to.deep.equal([500, message]);
  });

  it("goes where the image is when the chosen node cannot get it (L1)", async () => {
    const id = ((await post({ Image: "only:2" })).json() as { Id: string }).Id;
    expect(manager.engineOf(id).name).to.equal("node-2");
    expect(sim(id).config.Labels).to.have.all.keys(`${LABEL}id`);
  });

  it("is copied to a node that was asked for, when that one cannot get it (L2)", async () => {
    const answer = await post({ Image: "only:2", Env: ["constraint:node==node-1"] });
    expect(answer.status, answer.text).to.equal(201);
    expect(manager.engines[0]!.containers.has((answer.json() as { Id: string }).Id)).to.equal(true);
    expect(pulls()).to.deep.equal([1, 0, 0]);
    expect(manager.engines[0]!.state.image("only:2")).to.not.equal(undefined);
  });

  it("does also when the registry could not be asked (L3)", async () => {
    manager.engines[0]!.failNext("POST /images/create", 500, "dial tcp: lookup registry: no such host");
    expect((await post({ Image: "only:2" })).status).to.equal(201);
  });

  it("places an image given by its ID where it is, whatever form the ID has (L13)", async () => {
    const image = [...manager.engines[1]!.state.images.values()].find(({ tags }) =>
      tags.includes("only:2"),
    )!.id;
    const hex = image.slice("sha256:".length);
    for (const Image of [image, hex, hex.slice(0, 12)]) {
      const answer = await post({ Image });
      expect(answer.status, `${Image}: ${answer.text}`).to.equal(201);
      expect(manager.engineOf((answer.json() as { Id: string }).Id).name).to.equal("node-2");
    }
    expect(pulls()).to.deep.equal([0, 0, 0]);
  });

  it("keeps the status an engine refuses with", async () => {
    // prettier-ignore
    const refusals = [
      { body: { Image: "busybox", HostConfig: { Memory: 1000 } }, query: "",         status: 400, text: "Minimum memory limit" },
      { body: { Image: "busybox" },                               query: "?name=_x", status: 400, text: "Invalid container name" },
      { body: {},                                                 query: "",         status: 400, text: "No command specified" },
    ];
    for (const { body, query, status, text } of refusals) {
      const answer = await post(body, query);
      expect(answer.status, text).to.equal(status);
      expect(answer.message).to.include(text).and.to.not.include("Error response from daemon");
    }
  });

  // prettier-ignore
  const policies = [
    { policies: ["off", "on-node-failure"], text: "too many reschedule policies" },
    { policies: ["off", "off"],             text: "too many reschedule policies" },
    { policies: ["maybe"],                  text: "invalid reschedule policy: maybe" },
  ];
  for (const { policies: given, text } of policies) {
    it(`answers 500 to the reschedule policies ${given.join(", ")}`, async () => {
      const answer = await post({ Image: "busybox", Env: given.map((policy) => `reschedule:${policy}`) });
      expect(answer.status).to.equal(500);
      expect(answer.message).to.equal(text);
    });
  }

  it("frees the reservation of a create that failed", async () => {
    const [first] = manager.engines;
    for (let n = 0; n < 3; n++) first!.failNext("POST /containers/create", 500, "disk full");
    const body = { Image: "busybox", HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } } };
    for (let n = 0; n < 3; n++) expect((await post(body, "?name=web")).status).to.equal(500);
    expect(((await post(body, "?name=web")).json() as { Id: string }).Id).to.satisfy((id: string) =>
      first!.containers.has(id),
    );
  });

  it("lets exactly three of twenty concurrent creates have one host port on three nodes", async () => {
    const body = { Image: "busybox", HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } } };
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(body)));
    expect(answers.filter(({ status }) => status === 201)).to.have.length(3);
    for (const { status, message } of answers.filter((answer) => answer.status !== 201)) {
      expect(status).to.equal(500);
      expect(message).to.include("port 8080 (Bridge mode)");
    }
    expect(manager.engines.map(({ containers }) => containers.size)).to.deep.equal([1, 1, 1]);
  });

  it("lets exactly one of twenty concurrent creates have one name", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post({ Image: "busybox" }, "?name=web")),
    );
    expect(answers.filter(({ status }) => status === 201)).to.have.length(1);
    expect(answers.filter(({ status }) => status === 409)).to.have.length(19);
  });

  it("uploads after 100 Continue", async () => {
    const answer = await post({ Image: "busybox" }, "", { Expect: "100-continue" });
    expect(answer.status).to.equal(201);
  });
});

describe("api/create with swarm.createretry", () => {
  it("tries as often again as told when a node fails", async () => {
    await using manager = await startManager({ cluster: { createRetry: 2 }, engines: [{ name: "node-1" }] });
    const [engine] = manager.engines;
    const attempts = async (failures: number): Promise<[status: number, attempts: number]> => {
      const before = engine!.count("POST /containers/create");
      for (let n = 0; n < failures; n++) engine!.failNext("POST /containers/create", 500, "disk full");
      const { status } = await manager.ask("POST", "/containers/create", { body: { Image: "busybox" } });
      return [status, engine!.count("POST /containers/create") - before];
    };
    expect(await attempts(2)).to.deep.equal([201, 3]);
    expect(await attempts(3)).to.deep.equal([500, 3]);
  });

  it("does not try again what the engine has understood and refused", async () => {
    await using manager = await startManager({ cluster: { createRetry: 5 } });
    const answer = await manager.ask("POST", "/containers/create", {
      body: { Image: "busybox", HostConfig: { Memory: 1000 } },
    });
    expect(answer.status).to.equal(400);
    expect(
      manager.engines.reduce((sum, engine) => sum + engine.count("POST /containers/create"), 0),
    ).to.equal(1);
  });
});
