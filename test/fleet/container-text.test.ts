import { expect } from "chai";
import { startSimulatedEngine, type SimulatedEngine } from "../../bench/fleet/index.ts";
import { containerSummary } from "../../bench/fleet/container-view.ts";
import { containerInspect } from "../../bench/fleet/inspect-view.ts";
import { workloadEngine } from "../../bench/fleet/workload.ts";
import { seededRandom } from "../../bench/sections/picks.ts";
import { request } from "./request.ts";

describe("fleet/container-text", () => {
  let engine: SimulatedEngine;
  beforeEach(async () => {
    engine = await startSimulatedEngine(workloadEngine(0, 12));
  });
  afterEach(() => engine.dispose());

  /** Every kept entry, and this container's kept inspect answer, beside what the plain functions make. */
  function expectFresh(id: string): void {
    const { state } = engine;
    for (const container of engine.containers.values())
      expect(state.texts.entry(container, [])).to.equal(
        JSON.stringify(containerSummary(state, container, [])),
      );
    const container = engine.container(id);
    const plain = `${JSON.stringify(containerInspect(state, container))}\n`;
    expect(state.texts.inspect(container)).to.equal(plain);
  }

  it("is what is made anew, whatever has happened to containers", async () => {
    const random = seededRandom(7);
    const post = (path: string, body?: unknown) => request(engine.addr, "POST", path, body);
    let made = 0;
    // prettier-ignore
    const acts: readonly ((id: string) => unknown)[] = [
      (id) => post(`/containers/${id}/start`),
      (id) => post(`/containers/${id}/stop`),
      (id) => post(`/containers/${id}/restart`),
      (id) => post(`/containers/${id}/pause`),
      (id) => post(`/containers/${id}/unpause`),
      (id) => post(`/containers/${id}/kill`),
      (id) => post(`/containers/${id}/rename?name=renamed-${++made}`),
      (id) => post(`/containers/${id}/update`, { Memory: made * 10_000_000 }),
      (id) => post(`/containers/${id}/exec`, { Cmd: ["true"] }),
      (id) => post("/networks/web/connect", { Container: id }),
      (id) => post("/networks/web/disconnect", { Container: id }),
      () => post("/networks/create", { Name: "web" }),
      () => request(engine.addr, "DELETE", "/networks/web"),
      (id) => engine.setHealth(id, random() < 0.5 ? "healthy" : "unhealthy"),
      (id) => engine.exitContainer(id, 3),
      () => post(`/containers/create?name=made-${++made}`, { Image: "busybox", Cmd: ["nope"], Labels: { State: "created", Status: "y" } }),
      () => engine.setClockDelta(Math.floor(random() * 10_000_000)),
    ];
    for (let round = 0; round < 120; round++) {
      const ids = [...engine.containers.keys()];
      const id = ids[Math.floor(random() * ids.length)] ?? "";
      expectFresh(id);
      await acts[Math.floor(random() * acts.length)]?.(id);
      expectFresh(id);
    }
  });

  it("shows links as names in the list", async () => {
    const [first] = [...engine.containers.values()];
    const HostConfig = { Links: [`/${first?.name ?? ""}:db`] };
    await request(engine.addr, "POST", "/containers/create?name=linking", { Image: "busybox", HostConfig });
    const list = JSON.parse((await request(engine.addr, "GET", "/containers/json?all=1")).body) as {
      Id: string;
      Names: string[];
    }[];
    const names = list.find(({ Id }) => Id === first?.id)?.Names;
    expect(names).to.deep.equal([`/${first?.name ?? ""}`, "/linking/db"]);
  });
});
