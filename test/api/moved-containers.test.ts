import { expect } from "chai";
import { eventually } from "../lab/eventually.ts";
import { startManager, type TestManager } from "./support.ts";

const SWARM = "5".repeat(64);

describe("api: a container that was moved, and its old copy is back", () => {
  let manager: TestManager;
  let oldId: string;
  let newId: string;
  beforeEach(async () => {
    manager = await startManager();
    const [one, two] = manager.engines;
    const labels = { "com.docker.swarm.id": SWARM };
    oldId = one!.addContainer({ name: "web", labels }, true).id;
    const replaces = JSON.stringify({ swarm: SWARM, ids: [oldId] });
    newId = two!.addContainer(
      { name: "web", labels: { ...labels, "com.docker.swarm.replaces": replaces } },
      true,
    ).id;
    await eventually("both are known", async () =>
      (await manager.ask("GET", "/containers/json")).text.includes(newId),
    );
  });
  afterEach(() => manager[Symbol.asyncDispose]());

  const ends = [
    ["DELETE", "?force=1"],
    ["POST", "/stop"],
    ["POST", "/kill"],
  ] as const;
  for (const [method, tail] of ends) {
    it(`is not ended on its old node by the ID it had there: ${method} ${tail}`, async () => {
      for (const reference of [oldId, oldId.slice(0, 12)]) {
        const { status, text } = await manager.ask(method, `/containers/${reference}${tail}`);
        expect(status, text).to.equal(409);
        expect(text).to.match(new RegExp(`has moved to node node-2: use its name, or its new ID ${newId}`));
      }
      expect([...manager.engines[0]!.containers.values()].map(({ status }) => status)).to.deep.equal([
        "running",
      ]);
    });

    it(`is ended by its new ID, and what is left of it by its node: ${method} ${tail}`, async () => {
      expect((await manager.ask(method, `/containers/${newId}${tail}`)).status).to.equal(204);
      expect((await manager.ask(method, `/containers/node-1/web${tail}`)).status).to.equal(204);
    });
  }
});
