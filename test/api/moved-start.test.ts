import { expect } from "chai";
import { rawConnection, startManager, type TestManager } from "./support.ts";

/** A port nobody in the cluster holds, taken on an engine by something the manager cannot see. */
const PORT = 8080;
const PUBLISH = { PortBindings: { "80/tcp": [{ HostPort: String(PORT) }] } };
const body = (command: readonly string[], host: Readonly<Record<string, unknown>> = {}) => ({
  Image: "busybox",
  Cmd: command,
  HostConfig: { ...PUBLISH, ...host },
});

describe("api, a start whose host port is taken outside the cluster's sight", () => {
  let manager: TestManager;
  beforeEach(async () => {
    manager = await startManager();
  });
  afterEach(() => manager[Symbol.asyncDispose]());

  const inspect = async (id: string) =>
    (await manager.ask("GET", `/v1.41/containers/${id}/json`)).json() as {
      readonly Id: string;
      readonly Name: string;
      readonly Node: { readonly Name: string };
      readonly State: { readonly Running: boolean };
    };
  const held = (count: number): void => {
    for (const engine of manager.engines.slice(0, count)) engine.holdPort(PORT, "process");
  };
  const containersOn = (): readonly number[] => manager.engines.map(({ containers }) => containers.size);

  for (const kind of ["process", "allocator"] as const) {
    it(`runs on the next best node when the ${kind} refuses, under its first ID too`, async () => {
      manager.engines[0]?.holdPort(PORT, kind);
      const id = await manager.create(body(["sleep", "60"]), "web");
      expect(manager.engineOf(id).name).to.equal("node-1");
      expect((await manager.ask("POST", `/v1.41/containers/${id}/start`)).status).to.equal(204);
      const moved = await inspect(id);
      expect(moved.Id).to.not.equal(id);
      expect(moved).to.deep.include({ Name: "/web" });
      expect(moved.Node.Name).to.equal("node-2");
      expect(moved.State.Running).to.equal(true);
      expect((await inspect(id.slice(0, 12))).Id).to.equal(moved.Id);
      expect(containersOn()).to.deep.equal([0, 1, 0]);
      expect((await manager.ask("DELETE", `/v1.41/containers/${id}?force=1`)).status).to.equal(204);
      expect(containersOn()).to.deep.equal([0, 0, 0]);
    });
  }

  it("tries node after node", async () => {
    held(2);
    const id = await manager.create(body(["sleep", "60"]));
    expect((await manager.ask("POST", `/v1.41/containers/${id}/start`)).status).to.equal(204);
    expect((await inspect(id)).Node.Name).to.equal("node-3");
    expect(containersOn()).to.deep.equal([0, 0, 1]);
  });

  it("answers with the engine's error and what was tried when no node is left, and leaves the container where it was", async () => {
    held(3);
    const id = await manager.create(body(["sleep", "60"]));
    const answer = await manager.ask("POST", `/v1.41/containers/${id}/start`);
    expect(answer.status).to.equal(500);
    expect(answer.message).to.match(/address already in use.*on node-1.*node-2: .*node-3: /s);
    expect(containersOn()).to.deep.equal([1, 0, 0]);
    expect((await inspect(id)).Id).to.equal(id);
  });

  it("keeps to a constraint", async () => {
    held(1);
    const id = await manager.create({ ...body(["sleep", "60"]), Env: ["constraint:node==node-1"] });
    const answer = await manager.ask("POST", `/v1.41/containers/${id}/start`);
    expect(answer.status).to.equal(500);
    expect(answer.message).to.match(/no other node fits the request/);
    expect(containersOn()).to.deep.equal([1, 0, 0]);
  });

  it("starts one container however many ask at once", async () => {
    held(1);
    const id = await manager.create(body(["sleep", "60"]), "web");
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => manager.ask("POST", `/v1.41/containers/${id}/start`)),
    );
    expect(answers.map(({ status }) => status)).to.deep.equal([204, 204, 204, 204, 204]);
    expect(containersOn()).to.deep.equal([0, 1, 0]);
  });

  // prettier-ignore
  const changes = [
    { it: "updated",            change: (id: string) => manager.ask("POST", `/v1.41/containers/${id}/update`, { body: { Memory: 128 << 20 } }) },
    { it: "renamed",            change: (id: string) => manager.ask("POST", `/v1.41/containers/${id}/rename?name=other`) },
    { it: "given a file",       change: (id: string) => manager.ask("PUT", `/v1.41/containers/${id}/archive?path=/`, { body: "" }) },
  ];
  for (const { it: what, change } of changes) {
    it(`leaves a container that was ${what} where it is, for a move would undo that`, async () => {
      held(1);
      const id = await manager.create(body(["sleep", "60"]), "web");
      expect((await change(id)).status).to.be.below(300);
      expect((await manager.ask("POST", `/v1.41/containers/${id}/start`)).status).to.equal(500);
      expect(containersOn()).to.deep.equal([1, 0, 0]);
    });
  }

  it("keeps the name of a container that is being moved", async () => {
    held(1);
    const id = await manager.create(body(["sleep", "60"], { AutoRemove: true }), "web");
    const started = manager.ask("POST", `/v1.41/containers/${id}/start`);
    const rivals = await Promise.all(
      Array.from({ length: 10 }, () =>
        manager.ask("POST", "/v1.41/containers/create?name=web", { body: { Image: "busybox" } }),
      ),
    );
    expect(new Set(rivals.map(({ status }) => status))).to.deep.equal(new Set([409]));
    expect((await started).status).to.equal(204);
  });

  it("takes nobody's word for what it replaces", async () => {
    held(1);
    const id = await manager.create(body(["sleep", "60"]));
    expect((await manager.ask("POST", `/v1.41/containers/${id}/start`)).status).to.equal(204);
    const Labels = {
      "com.docker.swarm.id": "mine",
      "com.docker.swarm.replaces": JSON.stringify({ swarm: "mine", ids: [id] }),
    };
    const impostor = await manager.create({ Image: "busybox", Labels });
    expect((await inspect(id)).Id).to.not.equal(impostor);
  });

  it("does not move a container that has run before", async () => {
    const id = await manager.run(body(["sleep", "60"]));
    const engine = manager.engineOf(id);
    expect((await manager.ask("POST", `/v1.41/containers/${id}/kill`)).status).to.equal(204);
    engine.holdPort(PORT, "process");
    const answer = await manager.ask("POST", `/v1.41/containers/${id}/start`);
    expect(answer.status).to.equal(500);
    expect(manager.engineOf(id)).to.equal(engine);
  });

  // prettier-ignore
  const moves = [
    { AutoRemove: false, refusing: 1, it: "takes attached and waiting clients along" },
    { AutoRemove: true,  refusing: 1, it: "takes them along from a container removed by its failed start" },
    { AutoRemove: true,  refusing: 2, it: "takes them along over two such nodes in a row" },
  ];
  for (const { AutoRemove, refusing, it: title } of moves) {
    it(title, async () => {
      held(refusing);
      const id = await manager.create(body(["echo", "moved"], { AutoRemove }));
      const attached = await rawConnection(manager.port);
      attached.socket.write(
        `POST /v1.41/containers/${id}/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: m\r\nContent-Length: 0\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
      );
      await attached.sees("\r\n\r\n");
      const waiting = await rawConnection(manager.port);
      waiting.socket.write(
        `POST /v1.41/containers/${id}/wait?condition=next-exit HTTP/1.1\r\nHost: m\r\nContent-Length: 0\r\n\r\n`,
      );
      await waiting.sees("\r\n\r\n");
      expect((await manager.ask("POST", `/v1.41/containers/${id}/start`)).status).to.equal(204);
      await attached.closed;
      expect(attached.text()).to.match(/moved\n$/);
      await waiting.sees(`"StatusCode":0`);
      waiting.socket.destroy();
    });
  }
});
