import { expect } from "chai";
import { dockerCli } from "../../lab/docker-cli.ts";
import { eventually } from "../../lab/eventually.ts";
import type { WorldPlan } from "./plan/timeline.ts";
import { copiesOf, volumesOf, volumesOn } from "./world/survey.ts";
import { TOKEN_LABEL } from "./clients/history.ts";
import { World } from "./world/world.ts";

const common = {
  engines: ["node-1", "node-2", "node-3"],
  managers: ["manager-1"],
  agents: false,
  clocks: false,
};
const worlds: readonly (WorldPlan & { readonly with: string })[] = [
  { ...common, with: "a KV store", mode: "etcd", stores: ["etcd-1"] },
  { ...common, with: "a state directory", mode: "state-dir", stores: [] },
];

for (const { with: what, ...plan } of worlds) {
  describe(`a manager that is killed together with a node, with ${what}`, () => {
    const wanted = Array.from({ length: 6 }, (_, index) => `web-${String(index)}`);
    let world: World;
    let lost: readonly string[];

    before(async () => {
      world = await World.create(plan, { log: () => undefined });
      const [manager] = world.managers;
      for (const name of wanted) {
        const flags = [
          "--name",
          name,
          "--label",
          `${TOKEN_LABEL}=${name}`,
          "--stop-signal",
          "KILL",
          "-v",
          "/data",
        ];
        const command = [
          "run",
          "-d",
          ...flags,
          "-e",
          "reschedule:on-node-failure",
          "busybox",
          "sleep",
          "1000",
        ];
        const { code, stderr } = await dockerCli(manager!.url, command);
        expect(code, stderr).to.equal(0);
      }
      lost = (await copiesOf(world)).filter(({ engine }) => engine === "node-1").map(({ name }) => name);
      await Promise.all([manager!.kill(), world.lab.engine("node-1").cutPower()]);
      await manager!.start();
    });
    after(async () => await world[Symbol.asyncDispose]());

    it("moves the node's containers once it is back, though the node is not", async () => {
      expect(lost).to.not.be.empty;
      const others = world.lab.engines.filter(({ name }) => name !== "node-1");
      await eventually(
        "all containers run on the other nodes",
        async () => {
          const lists = await Promise.all(others.map((engine) => engine.api("GET", "/containers/json")));
          const names = lists.flatMap(({ body }) =>
            (JSON.parse(body) as { readonly Names: readonly string[] }[]).map(({ Names }) =>
              Names[0]!.slice(1),
            ),
          );
          return names.sort().join() === wanted.join();
        },
        60_000,
        200,
      );
    });

    it("answers their names", async () => {
      for (const name of wanted) {
        const found = await eventually(
          `${name} is known`,
          async () => await world.managers[0]!.get(`/containers/${name}/json`),
        );
        expect((found as { readonly Node: { readonly Name: string } }).Node.Name).to.not.equal("node-1");
      }
    });

    it("leaves one copy of each when the node is back, and all volumes", async () => {
      const before = await volumesOn(world.lab.engines.filter(({ isRunning }) => isRunning));
      await world.lab.engine("node-1").start();
      await world.untilWhole();
      await eventually(
        "one copy of each",
        async () => {
          const copies = await copiesOf(world);
          return copies.length === wanted.length && copies.every(({ running }) => running);
        },
        30_000,
        200,
      );
      const now = await volumesOf(world);
      for (const [engine, names] of before) expect([...now.get(engine)!]).to.include.members([...names]);
      expect(now.get("node-1")!.size, "anonymous volumes of the copies that gave way").to.be.at.least(
        lost.length,
      );
    });
  });
}
