import { expect } from "chai";
import type { ContainerRecord } from "../../../src/cluster/container-record.ts";
import type { Engine } from "../../../src/cluster/engine.ts";
import type { ContainerCreateBody } from "../../../src/docker/types.ts";
import { mayPass } from "../../../src/reschedule/passing-obstacles.ts";
import type { WantedContainer } from "../../../src/reschedule/wanted/wanted.ts";
import { Obstacles } from "../../../src/reschedule/moves/obstacle.ts";
import { record } from "../../cluster/builders.ts";
import { wanted } from "../builders.ts";
import { eventually, startScene, type Scene } from "./support.ts";

const movable = { "com.docker.swarm.movable": "true" };

describe("reschedule/moves/obstacle", () => {
  let scene: Scene;
  before(async () => {
    scene = await startScene({ engines: 1 });
  });
  after(() => scene[Symbol.asyncDispose]());

  // prettier-ignore
  const cases: { it: string; body: ContainerCreateBody; policy?: WantedContainer["policy"]; why: RegExp | undefined }[] = [
    { it: "nothing stands in the way of a plain one",  body: {},                                                        why: undefined },
    { it: "nobody asked for it",                       body: {}, policy: "off",                                         why: /neither a reschedule policy nor/ },
    { it: "the label suffices",                        body: { Labels: movable }, policy: "off",                        why: undefined },
    { it: "--rm",                                      body: { HostConfig: { AutoRemove: true } },                      why: /--rm/ },
    { it: "a named volume",                            body: { HostConfig: { Binds: ["data:/d"] } },                    why: /its data in volume data \(\/d\) would stay behind/ },
    { it: "an anonymous volume",                       body: { Volumes: { "/d": {} } },                                 why: /its data in an anonymous volume/ },
    { it: "a directory of the node",                   body: { HostConfig: { Binds: ["/srv:/d"] } },                    why: /directory \/srv of its node/ },
    { it: "data its user does without",                body: { Labels: movable, HostConfig: { Binds: ["data:/d", "/srv:/e"] } }, why: undefined },
    { it: "a temporary directory is no data",          body: { HostConfig: { Mounts: [{ Type: "tmpfs", Target: "/t" }] } }, why: undefined },
    { it: "a device",                                  body: { HostConfig: { Devices: [{}] } },                         why: /devices/ },
    { it: "another's process namespace",               body: { Labels: movable, HostConfig: { PidMode: "container:x" } }, why: /part of container:x/ },
    { it: "another's volumes",                         body: { Labels: movable, HostConfig: { VolumesFrom: ["x"] } },   why: /volumes of another/ },
    { it: "a link",                                    body: { Labels: movable, HostConfig: { Links: ["x:y"] } },       why: /linked to another/ },
  ];
  for (const [n, { it: title, body, policy = "on-node-failure", why }] of cases.entries()) {
    it(title, async () => {
      const swarmId = n.toString(16).padStart(64, "0");
      const wanted = await scene.run(1, { name: `c${n}`, body, started: false, wanted: { swarmId, policy } });
      const obstacle = scene.mover.obstacle(wanted, scene.record(wanted.last.containerId));
      if (why === undefined) expect(obstacle).to.equal(undefined);
      else expect(obstacle).to.match(why);
    });
  }

  it("its policy is not recorded yet, which it will be", async () => {
    const labels = { "com.docker.swarm.reschedule-policies": '["on-node-failure"]' };
    const { last, swarmId } = await scene.run(1, { name: "new", body: { Labels: labels } });
    scene.book.entries.delete(swarmId);
    const why = scene.mover.obstacle(undefined, scene.record(last.containerId)) ?? "";
    expect(why).to.equal("what it needs is not recorded yet");
    expect(mayPass(why)).to.equal(true);
  });

  it("it is not recorded", async () => {
    const { last, swarmId } = await scene.run(1, { name: "unknown" });
    scene.book.entries.delete(swarmId);
    expect(scene.mover.obstacle(undefined, scene.record(last.containerId))).to.match(
      /neither a reschedule policy/,
    );
  });

  it("it is paused", async () => {
    const wanted = await scene.run(1, { name: "paused" });
    await scene.engine(1).client.send("POST", `/v1.41/containers/${wanted.last.containerId}/pause`);
    await eventually("that being known", () => scene.record(wanted.last.containerId).inspect.State.Paused);
    expect(scene.mover.obstacle(wanted, scene.record(wanted.last.containerId))).to.equal("it is paused");
  });

  it("others are part of it", async () => {
    const wanted = await scene.run(1, { name: "pod", wanted: { swarmId: "d".repeat(64) } });
    await scene.run(1, {
      name: "side",
      body: { HostConfig: { PidMode: `container:${wanted.last.containerId}` } },
      wanted: { swarmId: "e".repeat(64) },
    });
    expect(scene.mover.obstacle(wanted, scene.record(wanted.last.containerId))).to.equal(
      "side is part of it",
    );
  });

  it("it shares a network of its node with one that must stay", async () => {
    await scene
      .engine(1)
      .client.request({ method: "POST", path: "/v1.41/networks/create", body: { Name: "back" } });
    await scene.engine(1).cache.refreshNetworks();
    const inBack = { HostConfig: { NetworkMode: "back" } };
    const web = await scene.run(1, { name: "site", body: inBack, wanted: { swarmId: "a".repeat(64) } });
    const record = scene.record(web.last.containerId);
    await scene.run(1, { name: "near", body: inBack, wanted: { swarmId: "b".repeat(64) } });
    expect(scene.mover.obstacle(web, record)).to.equal(undefined);
    const data = { HostConfig: { NetworkMode: "back", Binds: ["data:/d"] } };
    await scene.run(1, { name: "db", body: data, wanted: { swarmId: "c".repeat(64) } });
    expect(scene.mover.obstacle(web, record)).to.match(
      /^it shares network back with db, which cannot move: its data in/,
    );
  });

  it("looks at each container once, however many share a network", () => {
    const containers = new Map<string, ContainerRecord>();
    const networks = [{ Name: "app", Scope: "local" }];
    const engine = { cache: { inventory: { containers, networks } } } as unknown as Engine;
    for (let n = 0; n < 20; n++) {
      const made = record({ engine, id: n.toString(16).padStart(64, "0"), names: [`c${n}`] });
      containers.set(made.id, {
        ...made,
        summary: { ...made.summary, NetworkSettings: { Networks: { app: {} } } },
      });
    }
    let looks = 0;
    const obstacles = new Obstacles(() => {
      looks++;
      return wanted();
    });
    for (const each of containers.values()) expect(obstacles.of(each)).to.equal(undefined);
    expect(looks).to.equal(20);
  });
});
