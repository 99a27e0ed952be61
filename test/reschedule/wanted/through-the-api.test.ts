import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { WANTED_FOLDER } from "../../../src/reschedule/wanted/book.ts";
import { decodeWanted } from "../../../src/reschedule/wanted/codec.ts";
import type { WantedContainer } from "../../../src/reschedule/wanted/wanted.ts";
import { maxValueBytes, type Store } from "../../../src/store/store.ts";
import { until, type TestManager } from "../../api/support.ts";
import { startWatchful } from "../support.ts";
import { stores } from "./builders.ts";

const labels = { "com.docker.swarm.reschedule-policies": '["on-node-failure"]' };

describe("what the store knows of containers made through the API", () => {
  let manager: TestManager;
  let store: Store;
  before(async () => {
    const { open } = stores();
    store = open();
    manager = await startWatchful({ state: { store: open(), shared: false } });
  });
  after(async () => {
    await manager[Symbol.asyncDispose]();
    await store.close();
  });

  const entries = async () => await store.list({ folder: WANTED_FOLDER });
  const stored = async (name: string): Promise<WantedContainer | undefined> => {
    for (const { key, value } of await entries()) {
      const decoded = decodeWanted(key.slice(WANTED_FOLDER.length + 1), value);
      if (decoded.kind === "value" && decoded.value.name === name) return decoded.value;
    }
    return undefined;
  };

  it("is what their user asked for, and no registry credentials", async () => {
    const secret = "eyJwYXNzd29yZCI6ImdlaGVpbSJ9";
    const body = { Image: "busybox", Env: ["A=b", "constraint:node==node-1"], Labels: labels };
    const headers = { "X-Registry-Auth": secret };
    const created = await manager.ask("POST", "/containers/create?name=web", { body, headers });
    expect([created.status, (created.json() as { Warnings: string[] }).Warnings]).to.deep.equal([201, []]);
    const record = await stored("web");
    expect(record?.create.body).to.deep.equal({
      Image: "busybox",
      Env: ["A=b"],
      Labels: { ...labels, "com.docker.swarm.constraints": '["node==node-1"]' },
    });
    expect(record).to.deep.include({ run: "stopped", policy: "on-node-failure" });
    for (const { value } of await entries()) expect(value).to.not.include(secret);
  });

  it("follows start, stop, rename and removal", async () => {
    const id = await manager.run({ Labels: labels }, "shop");
    await until(async () => (await stored("shop"))?.run === "running", "it is wanted running");
    await manager.ask("POST", `/containers/${id}/stop?t=0`);
    await until(async () => (await stored("shop"))?.run === "stopped", "it is wanted stopped");
    await manager.ask("POST", `/containers/${id}/rename?name=store`);
    await until(async () => (await stored("store")) !== undefined, "it has its new name");
    await manager.ask("DELETE", `/containers/${id}`);
    await until(async () => (await stored("store")) === undefined, "it is forgotten");
  });

  it("is nothing of containers nobody wants to move", async () => {
    const before = (await entries()).length;
    await manager.create({}, "plain");
    expect(await entries()).to.have.length(before);
  });

  it("is less than all where that is too much, and the answer says so", async () => {
    const Labels = { ...labels, noise: randomBytes(maxValueBytes).toString("base64") };
    const created = await manager.ask("POST", "/containers/create?name=huge", {
      body: { Image: "busybox", Labels },
    });
    expect(created.status).to.equal(201);
    expect((created.json() as { Warnings: string[] }).Warnings.join()).to.match(
      /^The container cannot be remembered in full: what describes it is too large for the store\./,
    );
    expect(await stored("huge")).to.equal(undefined);
  });
});
