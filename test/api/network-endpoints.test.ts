import { expect } from "chai";
import { silence, until } from "./support.ts";
import { useNetworks } from "./use-networks.ts";

describe("api/networks/endpoints", () => {
  const { manager, restart, ask, create, engine, share } = useNetworks();

  describe("connect and disconnect", () => {
    const endpoints = (id: string) =>
      manager()
        .engineOf(id)
        .container(id)
        .endpoints.map(({ network }) => network);
    let id: string;
    beforeEach(async () => {
      await create({ Name: "node-1/net", Driver: "bridge" });
      id = await manager().run({ Env: ["constraint:node==node-1"] }, "web");
    });

    for (const reference of ["net", "node-1/net"]) {
      for (const container of ["web", "node-1/web"]) {
        it(`joins ${container} to ${reference} and parts them`, async () => {
          const connected = await ask("POST", `/networks/${reference}/connect`, {
            Container: container,
            EndpointConfig: { Aliases: ["www"] },
          });
          expect([connected.status, connected.text]).to.deep.equal([200, ""]);
          expect(endpoints(id)).to.deep.equal(["bridge", "net"]);
          expect(engine(1).container(id).endpoints[1]?.aliases).to.deep.equal(["www"]);
          const parted = await ask("POST", `/networks/${reference}/disconnect`, { Container: container });
          expect([parted.status, parted.text]).to.deep.equal([200, ""]);
          expect(endpoints(id)).to.deep.equal(["bridge"]);
        });
      }
    }

    it("shows the change as soon as it is answered", async () => {
      silence(engine(1));
      await ask("POST", "/networks/net/connect", { Container: "web" });
      const [network] = (await ask("GET", "/networks?filters={%22name%22:[%22net%22]}")).json() as {
        Containers: object;
      }[];
      expect(network?.Containers).to.have.all.keys(id);
    });

    it("takes a bare name that several nodes have for the one on the container's node", async () => {
      expect((await ask("GET", "/networks/bridge")).status).to.equal(404);
      expect((await ask("POST", "/networks/bridge/disconnect", { Container: "web" })).status).to.equal(200);
      expect(endpoints(id)).to.deep.equal([]);
      expect((await ask("POST", "/networks/bridge/connect", { Container: "web" })).status).to.equal(200);
      expect(endpoints(id)).to.deep.equal(["bridge"]);
    });

    it("joins a network whose name is a part of the path", async () => {
      await create({ Name: "node-1/networks", Driver: "bridge" });
      expect((await ask("POST", "/networks/networks/connect", { Container: id })).status).to.equal(200);
    });

    it("answers 404 for a network, a container or a body it cannot make out", async () => {
      const message = async (path: string, body: unknown) => {
        const answer = await ask("POST", path, body);
        return [answer.status, answer.message];
      };
      expect(await message("/networks/nil/connect", { Container: "web" })).to.deep.equal([
        404,
        "No such network: nil",
      ]);
      expect(await message("/networks/net/connect", { Container: "nil" })).to.deep.equal([
        404,
        "No such container: nil",
      ]);
      for (const body of ["{", "[]", {}, { Container: "" }, { Container: 7 }]) {
        expect(await message("/networks/net/connect", body)).to.deep.equal([
          404,
          "Container is not specified",
        ]);
      }
    });

    it("says that a network is another node's", async () => {
      await manager().run({ Env: ["constraint:node==node-2"] }, "far");
      for (const action of ["connect", "disconnect"]) {
        const answer = await ask("POST", `/networks/net/${action}`, { Container: "far" });
        expect([answer.status, answer.message]).to.deep.equal([404, "network net not found on node node-2"]);
      }
    });

    it("keeps the engine's status and text", async () => {
      await ask("POST", "/networks/net/connect", { Container: "web" });
      const twice = await ask("POST", "/networks/net/connect", { Container: "web" });
      expect(twice.status).to.equal(403);
      expect(twice.message).to.equal("endpoint with name web already exists in network net");
      await ask("POST", "/networks/net/disconnect", { Container: "web" });
      const parted = await ask("POST", "/networks/net/disconnect", { Container: "web" });
      expect(parted.message).to.equal(`container ${id} is not connected to network net`);
    });

    it("answers 500 with the node's name when the engine is not there", async () => {
      await engine(1).hangUp();
      const answer = await ask("POST", "/networks/net/connect", { Container: "web" });
      expect(answer.status).to.equal(500);
      expect(answer.message).to.match(/node-1/);
    });

    it("keeps a container that has not started where it joined its network", async () => {
      const created = await manager().create(
        {
          Env: ["constraint:node==~node-1"],
          HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } },
        },
        "port",
      );
      expect(manager().engineOf(created).name).to.equal("node-1");
      await ask("POST", "/networks/net/connect", { Container: "port" });
      engine(1).holdPort(8080);
      const started = await ask("POST", `/containers/${created}/start`);
      expect(started.status).to.equal(500);
      expect(endpoints(created)).to.deep.equal(["bridge", "net"]);
    });
  });

  describe("disconnect with force", () => {
    /** How often nodes 2 and 3 were asked to part something. */
    const asked = (): number =>
      [2, 3].reduce((sum, n) => sum + engine(n).count("POST /networks/:id/disconnect"), 0);
    const loseNodeOne = async (): Promise<void> => {
      await engine(1).hangUp();
      await until(async () => {
        await ask("GET", "/containers/web/top");
        return (await ask("GET", "/info")).text.includes('"Unhealthy"');
      }, "node-1 to be unhealthy");
    };
    beforeEach(async () => {
      const settings = { refreshMinMs: 30_000, refreshMaxMs: 60_000, failureRetry: 1 };
      await restart({ config: { engine: settings } });
      await manager().run({ Env: ["constraint:node==node-1"] }, "web");
    });

    it("is asked of another node when a network spans nodes and the container's is lost", async () => {
      await share();
      await ask("POST", "/networks/shared/connect", { Container: "web" });
      await loseNodeOne();
      const gentle = await ask("POST", "/networks/shared/disconnect", { Container: "web" });
      expect(gentle.message).to.equal("Container web running on unhealthy node node-1");
      expect(asked()).to.equal(0);
      await ask("POST", "/networks/shared/disconnect", { Container: "web", Force: true });
      expect(asked()).to.equal(1);
    });

    it("cannot reach a network of a lost node", async () => {
      await create({ Name: "node-1/net", Driver: "bridge" });
      await loseNodeOne();
      const answer = await ask("POST", "/networks/net/disconnect", { Container: "web", Force: true });
      expect(answer.message).to.equal("Container web running on unhealthy node node-1");
    });

    it("is asked of a node that has the network when nobody knows the container", async () => {
      await create({ Name: "node-2/net", Driver: "bridge" });
      const answer = await ask("POST", "/networks/net/disconnect", { Container: "gone", Force: true });
      expect([answer.status, answer.message]).to.deep.equal([404, "No such container: gone"]);
      expect(asked()).to.equal(1);
    });
  });
});
