import { expect } from "chai";
import { moveOrder } from "../../src/reschedule/move-order.ts";
import type { ContainerCreateBody } from "../../src/docker/types.ts";
import { hex } from "../cluster/builders.ts";
import { wanted } from "./builders.ts";

const affinity = (...texts: readonly string[]): ContainerCreateBody => ({
  Labels: { "com.docker.swarm.affinities": JSON.stringify(texts) },
});
const labelled = (label: string, body: ContainerCreateBody = {}): ContainerCreateBody => ({
  ...body,
  Labels: { ...body.Labels, app: label },
});

/** Containers by name, with IDs that begin with it; the answer: who waits for whom, by name. */
function order(bodies: Readonly<Record<string, ContainerCreateBody>>): Readonly<Record<string, string>> {
  const ids = Object.keys(bodies).map(
    (name, index) => [name, hex(`5${index.toString(16).padStart(4, "0")}`)] as const,
  );
  const names = new Map(ids.map(([name, id]) => [id, name]));
  const moving = ids.map(([name, swarmId], index) =>
    wanted({
      swarmId,
      name,
      last: { ...wanted().last, containerId: hex(`c${index.toString(16).padStart(4, "0")}`) },
      create: { body: bodies[name] ?? {}, query: "", apiVersion: undefined },
    }),
  );
  return Object.fromEntries(
    [...moveOrder(moving)].map(([id, on]) => [
      names.get(id) ?? "",
      [...on]
        .map((each) => names.get(each))
        .sort()
        .join(" "),
    ]),
  );
}

describe("reschedule/move-order", () => {
  // prettier-ignore
  const cases: readonly { it: string; bodies: Readonly<Record<string, ContainerCreateBody>>; says: Readonly<Record<string, string>> }[] = [
    { it: "lets all go at once that have nothing to do with each other", bodies: { a: {}, b: {} }, says: {} },
    { it: "puts what is linked to first",        bodies: { web: { HostConfig: { Links: ["/db:db"] } }, db: {} },                        says: { web: "db" } },
    { it: "puts whose volumes are shared first", bodies: { web: { HostConfig: { VolumesFrom: ["data:ro"] } }, data: {} },               says: { web: "data" } },
    { it: "puts whose namespaces are shared first", bodies: { web: { HostConfig: { NetworkMode: "container:net", PidMode: "container:pid", IpcMode: "container:ipc" } }, net: {}, pid: {}, ipc: {} }, says: { web: "ipc net pid" } },
    { it: "knows containers by short and by full ID", bodies: { web: { HostConfig: { Links: ["c00010000000:x"], IpcMode: `container:${hex("c0002")}` } }, one: {}, two: {} }, says: { web: "one two" } },
    { it: "puts the aim of an affinity first",   bodies: { web: affinity("container==db"), db: {} },                                    says: { web: "db" } },
    { it: "also of a soft one",                  bodies: { web: affinity("container==~db"), db: {} },                                   says: { web: "db" } },
    { it: "also by a label",                     bodies: { web: affinity("app==d*"), db: labelled("db") },                              says: { web: "db" } },
    { it: "not for a wish to be apart",          bodies: { web: affinity("container!=db", "app!=x"), db: labelled("x") },               says: {} },
    { it: "not for an image",                    bodies: { web: affinity("image==db"), db: {} },                                        says: {} },
    { it: "lets the first of a group go ahead, and the others side by side", bodies: { a: labelled("x", affinity("app==x")), b: labelled("x", affinity("app==x")), c: labelled("x", affinity("app==x")) }, says: { b: "a", c: "a" } },
    { it: "breaks a circle",                     bodies: { a: affinity("container==b"), b: affinity("container==c"), c: affinity("container==a") }, says: { a: "b", b: "c" } },
    { it: "does not wait for itself",            bodies: { a: affinity("container==a") },                                               says: {} },
    { it: "does without what cannot be read",    bodies: { web: affinity("what?", "container==/(/"), odd: { Labels: { "com.docker.swarm.affinities": "{" } } }, says: {} },
  ];
  for (const c of cases) it(c.it, () => expect(order(c.bodies)).to.deep.equal(c.says));

  it("survives a chain as long as a cluster", function () {
    this.timeout(20_000);
    const bodies = Object.fromEntries(
      Array.from({ length: 12_000 }, (_, at) => [`c${at}`, { HostConfig: { Links: [`c${at + 1}:next`] } }]),
    );
    expect(Object.keys(order(bodies))).to.have.length(11_999);
  });
});
