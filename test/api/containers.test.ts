import { expect } from "chai";
import { silence, startManager, type Answer, type TestManager } from "./support.ts";

interface Listed {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly State: string;
  readonly Status: string;
  readonly SizeRw?: number;
  readonly SizeRootFs?: number;
}

describe("api/containers", () => {
  let manager: TestManager;
  beforeEach(async () => {
    manager = await startManager();
  });
  afterEach(() => manager[Symbol.asyncDispose]());
  const ask: TestManager["ask"] = (method, path, given) => manager.ask(method, path, given);
  const list = async (query = ""): Promise<readonly Listed[]> =>
    (await ask("GET", `/v1.41/containers/json${query}`)).json() as Listed[];
  const names = async (query = ""): Promise<readonly string[]> =>
    (await list(query)).flatMap(({ Names }) => Names).sort();
  const filters = (value: unknown): string => `?filters=${encodeURIComponent(JSON.stringify(value))}`;
  const on = (node: string) => ({ Env: [`constraint:node==${node}`] });
  const expectStatus = (answer: Answer, status: number): void =>
    void expect(answer.status, answer.text).to.equal(status);

  describe("list", () => {
    beforeEach(async () => {
      await manager.run({ ...on("node-1"), Labels: { tier: "front" } }, "web");
      await manager.run(on("node-2"), "db");
      await manager.create(on("node-3"), "idle");
    });

    // prettier-ignore
    const cases = [
      { query: "",                                             names: ["/node-1/web", "/node-2/db"] },
      { query: "?all=1",                                       names: ["/node-1/web", "/node-2/db", "/node-3/idle"] },
      { query: "?all=no",                                      names: ["/node-1/web", "/node-2/db"] },
      { query: "?limit=1",                                     names: ["/node-3/idle"] },
      { query: "?limit=-1&all=1",                              names: ["/node-1/web", "/node-2/db", "/node-3/idle"] },
      { query: "?limit=0x1&all=1",                             names: ["/node-1/web", "/node-2/db", "/node-3/idle"] },
      { query: filters({ name: ["w"] }),                       names: ["/node-1/web"] },
      { query: filters({ name: { "node-1/web": true } }),      names: ["/node-1/web"] },
      { query: filters({ node: ["node-2"] }),                  names: ["/node-2/db"] },
      { query: filters({ node: ["node"] }),                    names: ["/node-1/web", "/node-2/db"] },
      { query: filters({ label: ["tier=front"] }),             names: ["/node-1/web"] },
      { query: filters({ label: ["tier=back"] }),              names: [] },
      { query: filters({ status: ["created"] }),               names: ["/node-3/idle"] },
      { query: filters({ ancestor: ["busybox"], name: ["d"] }), names: ["/node-2/db"] },
    ];
    for (const c of cases) {
      it(`answers ${decodeURIComponent(c.query) || "all that run"} with ${c.names.join(" ") || "nothing"}`, async () => {
        expect(await names(c.query)).to.deep.equal(c.names);
      });
    }

    it("asks engines for sizes, and only then", async () => {
      const measured = (): number =>
        manager.engines.flatMap(({ requests }) => requests).filter(({ url }) => url.includes("size=1"))
          .length;
      expect((await list("?all=1"))[0]).to.not.have.any.keys("SizeRw", "SizeRootFs");
      expect(measured()).to.equal(0);
      for (const entry of await list("?all=1&size=1"))
        expect(entry).to.include({ SizeRw: 0, SizeRootFs: 2_000_000 });
      expect(measured()).to.equal(3);
    });

    it("answers the old path too", async () => {
      expect((await ask("GET", "/containers/ps")).text).to.equal((await ask("GET", "/containers/json")).text);
    });
  });

  it("adds its node to the engine's own inspect answer, and the engine's address to published ports", async () => {
    const id = await manager.run(
      { ExposedPorts: { "80/tcp": {} }, HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } } },
      "web",
    );
    const engine = manager.engineOf(id);
    const answer = await ask("GET", "/v1.41/containers/web/json?size=1");
    const own = (await (
      await fetch(`http://${engine.addr}/v1.41/containers/${id}/json?size=1`)
    ).json()) as object;
    const body = answer.json() as Record<string, unknown> & { NetworkSettings: { Ports: unknown } };
    const keys = Object.keys(body);
    expect(keys.filter((key) => key !== "Node")).to.deep.equal(Object.keys(own));
    expect(keys[keys.indexOf("Node") + 1]).to.equal("Name");
    expect(body.Name).to.equal("/web");
    expect(body.Node).to.deep.include({ Name: engine.name, Addr: engine.addr, IP: "127.0.0.1", Cpus: 4 });
    const binding = { HostIp: "127.0.0.1", HostPort: "8080" };
    expect(body.NetworkSettings.Ports).to.deep.equal({ "80/tcp": [binding] }); // of IPv4 and IPv6 alike
  });

  // prettier-ignore
  const changes = [
    { it: "start",   method: "POST",   path: "/start",         before: [],                  status: 204, then: 304, state: "running" },
    { it: "stop",    method: "POST",   path: "/stop?t=1",      before: ["start"],           status: 204, then: 304, state: "exited" },
    { it: "kill",    method: "POST",   path: "/kill?signal=9", before: ["start"],           status: 204, then: 409, state: "exited" },
    { it: "restart", method: "POST",   path: "/restart",       before: ["start"],           status: 204, then: 204, state: "running" },
    { it: "pause",   method: "POST",   path: "/pause",         before: ["start"],           status: 204, then: 409, state: "paused" },
    { it: "unpause", method: "POST",   path: "/unpause",       before: ["start", "pause"],  status: 204, then: 500, state: "running" },
  ];
  for (const c of changes) {
    it(`has ${c.it} in its state when the answer is there`, async () => {
      const id = await manager.create({}, "web");
      for (const action of c.before) await ask("POST", `/containers/web/${action}`);
      manager.engines.forEach(silence);
      expectStatus(await ask(c.method, `/v1.41/containers/web${c.path}`), c.status);
      expect((await list("?all=1")).map(({ State }) => State)).to.deep.equal([c.state]);
      expect(manager.engineOf(id).container(id).status).to.equal(c.state);
      const again = await ask(c.method, `/v1.41/containers/web${c.path}`);
      expect([c.then, again.status], again.text).to.satisfy(
        ([want, got]: number[]) => want === got || (want! >= 400 && got! >= 400),
      );
      if (again.status >= 400) expect(again.message).to.not.include("Error response from daemon");
    });
  }

  it("has a removed container out of its state when the answer is there, and its name free", async () => {
    await manager.run({}, "web");
    const refused = await ask("DELETE", "/containers/web");
    expect(refused.status).to.equal(409);
    expect(refused.message).to.match(/^You cannot remove a running container/);
    manager.engines.forEach(silence);
    expectStatus(await ask("DELETE", "/containers/web?force=1&v=1"), 204);
    expect(await list("?all=1")).to.deep.equal([]);
    await manager.create({}, "web");
  });

  it("gives DELETE's query to the engine whole, so that removing a link removes no container", async () => {
    const id = await manager.create({}, "web");
    const engine = manager.engineOf(id);
    engine.failNext("DELETE /containers/:id", 400, "no link");
    expect((await ask("DELETE", "/containers/web?link=1&v=1")).status).to.equal(400);
    const sent = engine.requests.filter(({ method }) => method === "DELETE").map(({ url }) => url);
    expect(sent).to.deep.equal([`/v1.41/containers/${id}?link=1&v=1`]);
    expect(await names("?all=1")).to.deep.equal(["/node-1/web"]);
  });

  it("renames, with the new name free in the whole cluster", async () => {
    await manager.create(on("node-1"), "web");
    await manager.create(on("node-2"), "db");
    const taken = await ask("POST", "/containers/db/rename?name=web");
    expect(taken.status).to.equal(409);
    expect(taken.message).to.match(/^Conflict: The name web is already assigned\./);
    expectStatus(await ask("POST", "/containers/db/rename?name=api"), 204);
    expect(await names("?all=1")).to.deep.equal(["/node-1/web", "/node-2/api"]);
    expect((await ask("POST", "/containers/api/rename")).status).to.equal(400);
    await manager.create(on("node-3"), "db");
  });

  it("takes rename's name from a form, as old clients send it", async () => {
    await manager.create(on("node-1"), "web");
    const form = { body: "name=api", headers: { "Content-Type": "application/x-www-form-urlencoded" } };
    expectStatus(await ask("POST", "/containers/web/rename?name=lost", form), 204);
    expect(await names("?all=1")).to.deep.equal(["/node-1/api"]);
  });

  it("lets one of many concurrent renames have a name", async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => manager.create()));
    const answers = await Promise.all(ids.map((id) => ask("POST", `/containers/${id}/rename?name=web`)));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([204, 409, 409, 409, 409, 409]);
  });

  it("updates with the client's own body", async () => {
    const id = await manager.create({}, "web");
    const answer = await ask("POST", "/containers/web/update", { body: { CpuShares: 700, Odd: [1] } });
    expectStatus(answer, 200);
    expect(manager.engineOf(id).container(id).hostConfig).to.deep.include({ CpuShares: 700, Odd: [1] });
  });

  it("prunes every node, or those a filter names, and sums up", async () => {
    const ids = await Promise.all(["node-1", "node-2", "node-3"].map((node) => manager.create(on(node))));
    const some = await ask("POST", `/containers/prune${filters({ node: ["node-2"] })}`);
    expect(some.fields()).to.deep.equal({ ContainersDeleted: [ids[1]], SpaceReclaimed: 0 });
    const nobody = await ask("POST", `/containers/prune${filters({ node: ["node-9"] })}`);
    expect(nobody.status).to.equal(400);
    const rest = (await ask("POST", "/containers/prune")).json() as { ContainersDeleted: string[] };
    expect(rest.ContainersDeleted.sort()).to.deep.equal([ids[0], ids[2]].sort());
    expect((await ask("POST", "/containers/prune")).fields().ContainersDeleted).to.equal(null);
    expect(await list("?all=1")).to.deep.equal([]);
  });

  it("prunes what it can when a node fails", async () => {
    for (const node of ["node-1", "node-2", "node-3"]) await manager.create(on(node));
    manager.engines[1]!.failNext("POST /containers/prune", 409, "a prune operation is already running");
    const answer = await ask("POST", "/containers/prune");
    expectStatus(answer, 200);
    expect((answer.json() as { ContainersDeleted: string[] }).ContainersDeleted).to.have.length(2);
    expect(await names("?all=1")).to.have.length(1);
  });

  it("sends prune's other filters on in the form engines read today", async () => {
    await ask("POST", `/containers/prune${filters({ node: ["node-1"], label: ["a=b"], until: ["1h"] })}`);
    const sent =
      manager.engines[0]!.requests.find(({ route }) => route === "POST /containers/prune")?.url ?? "";
    expect(JSON.parse(new URL(`http://x${sent}`).searchParams.get("filters") ?? "")).to.deep.equal({
      label: { "a=b": true },
      until: { "1h": true },
    });
  });

  it("commits on the container's node by its ID, wherever else the name occurs in the query", async () => {
    const id = await manager.create({}, "c1");
    const engine = manager.engineOf(id);
    const answer = await ask("POST", "/commit?repo=c1&tag=c1&comment=c1&container=c1", {
      body: { Cmd: ["true"] },
    });
    expectStatus(answer, 201);
    const image = engine.state.images.get((answer.json() as { Id: string }).Id);
    expect(image).to.deep.include({ tags: ["c1:c1"], comment: "c1", cmd: ["true"] });
    expect((await ask("GET", "/images/json")).text).to.include('"c1:c1"');
    const sent = engine.requests.find(({ route }) => route === "POST /commit")?.url ?? "";
    expect(new URL(`http://x${sent}`).searchParams.get("container")).to.equal(id);
  });

  // prettier-ignore
  const reads = [
    { method: "GET",  path: "/top",                          status: 200, text: "Processes" },
    { method: "GET",  path: "/changes",                      status: 200, text: "null" },
    { method: "GET",  path: "/logs?stdout=1",                status: 200, text: "hello" },
    { method: "GET",  path: "/stats?stream=0",               status: 200, text: "cpu_stats" },
    { method: "POST", path: "/resize?h=10&w=20",             status: 200, text: "" },
    { method: "GET",  path: "/archive?path=/etc/hostname",   status: 200, text: "hostname" },
    { method: "GET",  path: "/archive?path=/nope",           status: 404, text: "/nope" },
    { method: "GET",  path: "/logs",                         status: 400, text: "choose at least one stream" },
  ];
  for (const { method, path, status, text } of reads) {
    it(`forwards ${method} ${path} to the owner`, async () => {
      const id = await manager.run({ Cmd: ["sh", "-c", "echo hello; sleep 1000"] }, "web");
      await ask("GET", `/containers/${id}/top`);
      const answer = await ask(method, `/v1.41/containers/web${path}`);
      expectStatus(answer, status);
      expect(answer.text).to.include(text);
    });
  }

  it("passes a file in and out of a container, and what HEAD says of it", async () => {
    await manager.run({}, "web");
    const tar = Buffer.from(
      await (
        await fetch(`http://127.0.0.1:${manager.port}/containers/web/archive?path=/etc/hostname`)
      ).arrayBuffer(),
    );
    const put = await ask("PUT", "/containers/web/archive?path=/tmp", {
      body: tar,
      headers: { "Content-Type": "application/x-tar" },
    });
    expectStatus(put, 200);
    const head = await ask("HEAD", "/containers/web/archive?path=/tmp/hostname");
    expectStatus(head, 200);
    expect(head.headers).to.have.property("x-docker-container-path-stat");
  });

  // prettier-ignore
  const words = ["rs", "tain", "json", "v1", "start", "create", "prune", "attach", "c1.40"];
  for (const name of words) {
    it(`handles a container called ${name}, a part of its own paths`, async () => {
      const id = await manager.create({}, name);
      expectStatus(await ask("POST", `/v1.40/containers/${name}/start`), 204);
      expect((await ask("GET", `/v1.40/containers/${name}/json`)).fields().Id).to.equal(id);
      expectStatus(await ask("GET", `/v1.40/containers/${name}/logs?stdout=1`), 200);
      expectStatus(await ask("POST", `/v1.40/containers/${name}/stop`), 204);
      expectStatus(await ask("DELETE", `/v1.40/containers/${name}`), 204);
    });
  }

  // prettier-ignore
  const unknown = [
    { method: "GET",    path: "/containers/nope/json" },
    { method: "GET",    path: "/containers/nope/logs?stdout=1" },
    { method: "POST",   path: "/containers/nope/start" },
    { method: "POST",   path: "/containers/nope/stop" },
    { method: "POST",   path: "/containers/nope/rename?name=x" },
    { method: "POST",   path: "/containers/nope/wait" },
    { method: "POST",   path: "/containers/nope/attach?stream=1" },
    { method: "POST",   path: "/containers/nope/exec" },
    { method: "DELETE", path: "/containers/nope" },
    { method: "POST",   path: "/commit?container=nope" },
  ];
  for (const { method, path } of unknown) {
    it(`answers 404 to ${method} ${path}`, async () => {
      const answer = await ask(method, path);
      expect(answer.status).to.equal(404);
      expect(answer.message).to.equal("No such container: nope");
      expect(answer.headers["content-type"]).to.equal("application/json");
    });
  }

  it("finds a name that is on two nodes only with its node", async () => {
    for (const engine of manager.engines.slice(0, 2)) engine.addContainer({ name: "twin" }, true);
    const both = async (): Promise<boolean> => (await names()).length === 2;
    while (!(await both()));
    expect((await ask("GET", "/containers/twin/json")).status).to.equal(404);
    const answer = await ask("GET", "/containers/node-2/twin/json");
    expect((answer.json() as { Node: { Name: string } }).Node.Name).to.equal("node-2");
  });

  it("waits for the end, with the headers at once", async () => {
    await manager.run({}, "web");
    const url = `http://127.0.0.1:${manager.port}/v1.41/containers/web/wait`;
    const answer = await fetch(url, { method: "POST" });
    expect(answer.status).to.equal(200);
    await ask("POST", "/containers/web/kill");
    expect(await answer.json()).to.deep.equal({ StatusCode: 137 });
    expect(await names()).to.deep.equal([]);
    expect((await ask("POST", "/v1.41/containers/web/wait?condition=odd")).status).to.equal(400);
  });
});
