import { expect } from "chai";
import { SharedDoor, startFleet, type Fleet } from "../../bench/fleet/index.ts";
import { request } from "./request.ts";

describe("fleet/shared-door", () => {
  let fleet: Fleet;
  before(async () => {
    const door = await SharedDoor.start();
    fleet = await startFleet(2, (index) => ({
      name: `node-${index + 1}`,
      host: `127.1.0.${index + 1}`,
      door,
    }));
  });
  after(() => fleet.dispose());

  it("lets to each engine those who connect to its address, at one port", async () => {
    const [one, two] = fleet.engines.map(({ addr }) => addr);
    expect(one?.split(":")).to.deep.equal(["127.1.0.1", two?.split(":")[1]]);
    for (const engine of fleet.engines) {
      const { Name } = JSON.parse((await request(engine.addr, "GET", "/info")).body) as { Name: string };
      expect(Name).to.equal(engine.name);
    }
  });

  it("hangs up where no engine is, or none any more", async () => {
    const [one, two] = fleet.engines;
    await one!.hangUp();
    const error = await request(one!.addr, "GET", "/_ping").then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.an("error");
    expect((await request(two!.addr, "GET", "/_ping")).status).to.equal(200);
    await one!.revive();
    expect((await request(one!.addr, "GET", "/_ping")).status).to.equal(200);
  });
});
