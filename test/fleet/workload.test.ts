import { expect } from "chai";
import { startSimulatedEngine } from "../../bench/fleet/index.ts";
import { workloadEngine } from "../../bench/fleet/workload.ts";
import { request } from "./request.ts";

describe("fleet/workload", () => {
  it("gives every container of a cluster a name of its own, and the same ones each time", () => {
    const names = (): string[] =>
      Array.from({ length: 50 }, (_, index) => workloadEngine(index, 30)).flatMap(({ containers }) =>
        (containers as { name: string }[]).map(({ name }) => name),
      );
    expect(new Set(names()).size).to.equal(1_500);
    expect(names()).to.deep.equal(names());
  });

  it("answers in the size of a real engine's answers", async () => {
    await using engine = await startSimulatedEngine(workloadEngine(0, 30));
    const list = (await request(engine.addr, "GET", "/containers/json?all=1")).body;
    expect(list.length / 30).to.be.within(900, 1_020);
    const [first] = JSON.parse(list) as { Id: string }[];
    const inspect = (await request(engine.addr, "GET", `/containers/${first?.Id ?? ""}/json`)).body;
    expect(inspect.length).to.be.within(4_800, 6_000);
  });
});
