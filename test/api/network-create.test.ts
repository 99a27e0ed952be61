import { expect } from "chai";
import { silence, until } from "./support.ts";
import { useNetworks } from "./use-networks.ts";

const PROJECT = "com.docker.compose.project";

describe("api/networks/create", () => {
  const { manager, ask, create, engine, holders, listed } = useNetworks();

  describe("create", () => {
    it("makes the network on one node and knows it when the answer is there", async () => {
      manager().engines.forEach(silence);
      const answer = await create({ Name: "net", Driver: "bridge", CheckDuplicate: true });
      expect(answer.status).to.equal(201);
      expect(answer.fields()).to.have.all.keys("Id", "Warning");
      const [node] = holders("net");
      expect(holders("net")).to.have.length(1);
      expect(await listed()).to.deep.equal([`${node}/net`]);
    });

    it("puts node/name on that node, under its bare name, and keeps fields it does not know", async () => {
      const answer = await create({
        Name: "node-2/net",
        Driver: "bridge",
        EnableIPv4: true,
        Options: { a: "b" },
      });
      expect(answer.status).to.equal(201);
      expect(holders("net")).to.deep.equal(["node-2"]);
      const [network] = [...engine(2).state.networks.values()].filter(({ name }) => name === "net");
      expect(network?.options).to.deep.equal({ a: "b" });
    });

    it("takes a node's engine ID as well, and any spelling of the body's keys", async () => {
      const answer = await create({ name: `${engine(3).id}/net`, driver: "bridge" });
      expect(answer.status).to.equal(201);
      expect(holders("net")).to.deep.equal(["node-3"]);
    });

    for (const pattern of ["*", "node-?", "~nil"]) {
      it(`takes ${pattern} for a name, not for a pattern`, async () => {
        const answer = await create({ Name: `${pattern}/net`, Driver: "bridge" });
        expect(answer.status).to.equal(500);
      });
    }

    it("refuses a node nobody knows with the scheduler's text", async () => {
      const answer = await create({ Name: "node-9/net", Driver: "bridge" });
      expect(answer.status).to.equal(500);
      expect(answer.message).to.match(
        /^Unable to find a node that satisfies the following conditions \n\[available container slots\]\n\[node==node-9\]/,
      );
    });

    it("keeps the engine's status and text", async () => {
      await create({ Name: "node-1/net", Driver: "bridge" });
      const twice = await create({ Name: "node-1/net", Driver: "bridge", CheckDuplicate: true });
      expect([twice.status, twice.message]).to.deep.equal([409, "network with name net already exists"]);
      const overlay = await create({ Name: "o", Driver: "overlay" });
      expect(overlay.status).to.equal(503);
      expect(overlay.message).to.match(/^This node is not a swarm manager/);
    });

    it("answers a body that cannot be read with 400", async () => {
      expect((await ask("POST", "/networks/create", "{")).status).to.equal(400);
      expect((await create({ Name: 1 })).status).to.equal(400);
    });

    it("makes the engine's own kind of network where no driver is named and none can span nodes", async () => {
      expect((await create({ Name: "plain" })).status).to.equal(201);
      expect((await create({ Name: "null", Driver: null })).status).to.equal(201);
      const drivers = manager().engines.flatMap(({ state }) =>
        [...state.networks.values()].filter(({ name }) => name === "plain" || name === "null"),
      );
      expect(drivers.map(({ driver }) => driver)).to.deep.equal(["bridge", "bridge"]);
    });

    it("goes where the network is whose settings it takes", async () => {
      const { networks, events } = engine(3).state;
      const id = "c".repeat(64);
      const settings = { id, name: "settings", driver: "null", scope: "local", createdMs: 0 };
      const rest = { internal: false, attachable: false, labels: {}, options: {}, ipam: {} };
      networks.set(id, { ...settings, ...rest });
      events.record({ type: "network", action: "create", id, attributes: { name: "settings" } });
      await until(async () => (await listed()).includes("node-3/settings"));
      for (const [n, Network] of ["settings", "node-3/settings"].entries()) {
        expect((await create({ Name: `net${n}`, ConfigFrom: { Network } })).status).to.equal(201);
        expect(holders(`net${n}`)).to.deep.equal(["node-3"]);
      }
    });

    it("goes to the next node when the first is not there", async () => {
      const [first] = await firstChoice();
      await engine(first).hangUp();
      const answer = await create({ Name: "late", Driver: "bridge" });
      expect(answer.status).to.equal(201);
      expect(holders("late")).to.have.length(1).and.not.include(`node-${first}`);
    });

    /** Where the scheduler puts a network now. */
    async function firstChoice(): Promise<[number]> {
      await create({ Name: "probe", Driver: "bridge" });
      return [Number(holders("probe")[0]?.replace("node-", ""))];
    }
  });

  describe("create, for Compose", () => {
    const project = (name: string, more: object = {}) =>
      create({ Name: name, Driver: "bridge", Labels: { [PROJECT]: "shop" }, ...more });
    /** Makes another node the scheduler's first choice. */
    const crowd = async (node: string): Promise<void> => {
      for (const _ of [1, 2]) await manager().create({ Env: [`constraint:node==${node}`] });
    };

    it("keeps the local networks of one project on one node", async () => {
      await project("front");
      const [home = ""] = holders("front");
      await crowd(home);
      for (const name of ["back", "mesh"]) {
        await project(name);
        expect(holders(name)).to.deep.equal([home]);
      }
      await create({ Name: "alone", Driver: "bridge" });
      expect(holders("alone")).to.not.deep.equal([home]);
    });

    it("keeps networks that are made at once together", async () => {
      const names = ["a", "b", "c", "d"];
      await Promise.all(names.map((name) => project(name)));
      expect(new Set(names.flatMap(holders))).to.have.property("size", 1);
    });

    it("follows the project's containers where it has no network yet", async () => {
      await manager().create({ Env: ["constraint:node==node-3"], Labels: { [PROJECT]: "shop" } });
      await project("front");
      expect(holders("front")).to.deep.equal(["node-3"]);
    });

    it("lets the client name another node", async () => {
      await project("node-1/front");
      await project("node-2/back");
      expect([holders("front"), holders("back")]).to.deep.equal([["node-1"], ["node-2"]]);
    });

    it("goes elsewhere when that node is lost", async () => {
      await project("node-1/front");
      await engine(1).hangUp();
      await project("back");
      expect(holders("back")).to.have.length(1).and.not.include("node-1");
    });

    it("lists networks asked for by a Compose label under their bare names, which Compose compares", async () => {
      await project("front");
      expect(await listed({ label: [`${PROJECT}=shop`] })).to.deep.equal(["front"]);
      expect(await listed({ label: ["other"] })).to.deep.equal([]);
    });
  });
});
