import { expect } from "chai";
import { startManager, type TestManager } from "./support.ts";

const CONSTRAINTS = "com.docker.swarm.constraints";

describe("api/create with a node's network", () => {
  let manager: TestManager;
  let backId: string;
  before(async () => {
    manager = await startManager();
    const create = async (Name: string) =>
      (await manager.ask("POST", "/networks/create", { body: { Name, Driver: "bridge" } })).fields().Id;
    backId = String(await create("node-2/back"));
    await create("node-3/front");
  });
  after(() => manager[Symbol.asyncDispose]());

  /** Where the container went, its constraints, and the networks its engine was told. */
  const made = async (body: Readonly<Record<string, unknown>>) => {
    const id = await manager.create(body);
    const engine = manager.engineOf(id);
    const { config, endpoints, hostConfig } = engine.container(id);
    return {
      node: engine.name,
      constraints: config.Labels?.[CONSTRAINTS],
      mode: hostConfig.NetworkMode,
      networks: endpoints.map(({ network }) => network),
    };
  };
  const endpoints = (...names: readonly string[]) => ({
    NetworkingConfig: { EndpointsConfig: Object.fromEntries(names.map((name) => [name, {}])) },
  });
  const atNode2 = { node: "node-2", constraints: '["node==~node-2"]' };

  for (const name of ["back", "node-2/back"]) {
    it(`follows a network that only its endpoints name, as ${name}`, async () => {
      const { mode: _mode, ...rest } = await made(endpoints(name));
      expect(rest).to.deep.include(atNode2);
      expect(rest.networks).to.include("back");
    });

    it(`names mode and endpoint alike, given as ${name}`, async () => {
      const seen = await made({ HostConfig: { NetworkMode: name }, ...endpoints(name) });
      expect(seen).to.deep.equal({ ...atNode2, mode: "back", networks: ["back"] });
    });
  }

  it("names mode and endpoint alike when they are given by ID", async () => {
    for (const id of [backId, backId.slice(0, 12)]) {
      const seen = await made({ HostConfig: { NetworkMode: id }, ...endpoints(id) });
      expect(seen).to.deep.equal({ ...atNode2, mode: "back", networks: ["back"] });
    }
  });

  it("adds nothing where a hard constraint names the node", async () => {
    const { node, constraints } = await made({
      Env: ["constraint:node==node-2"],
      HostConfig: { NetworkMode: "back" },
    });
    expect({ node, constraints }).to.deep.equal({ node: "node-2", constraints: '["node==node-2"]' });
  });

  it("says nothing of where for networks that every engine has", async () => {
    const { constraints, networks } = await made(endpoints("bridge"));
    expect({ constraints, networks }).to.deep.equal({ constraints: undefined, networks: ["bridge"] });
  });
});
