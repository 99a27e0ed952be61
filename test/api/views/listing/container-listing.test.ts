import { expect } from "chai";
import { listContainers } from "../../../../src/api/views/container-list.ts";
import type { ContainerListContext, ContainerListQuery } from "../../../../src/api/views/container-list.ts";
import { filters, image, listQuery } from "../builders.ts";
import { RandomWorld } from "./world.ts";

/** What a client would get, or why it would not. */
function outcome(answer: () => string): string {
  try {
    return answer();
  } catch (error) {
    const { status, message } = error as { status: number; message: string };
    return `${status} ${message}`;
  }
}

const contextOf = ({ containers }: RandomWorld): ContainerListContext => ({
  find: (reference) => containers.get(reference),
  imagesOf: () => [image({ Id: "sha256:1", RepoTags: ["busybox:latest"] })],
});

function expectSame(world: RandomWorld, query: ContainerListQuery): void {
  const context = contextOf(world);
  const plain = outcome(
    () => `${JSON.stringify(listContainers(world.containers.values(), query, context, world.nowMs))}\n`,
  );
  const fast = outcome(() => Buffer.concat(world.listing.list(query, context, world.nowMs)).toString());
  if (fast !== plain) expect(fast, JSON.stringify([...query.filters])).to.equal(plain);
}

function randomQuery(world: RandomWorld): ContainerListQuery {
  const id = (): string => (world.chance(0.05) ? "nobody" : (world.some()?.summary.Id ?? "nobody"));
  const name = (): string => world.some()?.inspect.Name.slice(1) ?? "web";
  const node = (): string => world.pick(world.nodes).name;
  const values: Readonly<Record<string, () => string>> = {
    name: () =>
      world.pick([
        name(),
        `^${name()}$`,
        `^/${name()}$`,
        `/${name()}`,
        `${node()}/${name()}`,
        `^/${node()}/${name()}$`,
        `^${name()}`,
        "-1$",
        "^web-[0-9]$",
        "no.",
        "/",
        "^$",
        "web\n",
        node(),
        `/${node()}`,
        `^/${node()}`,
      ]),
    id: () => world.pick([id(), id().slice(0, 12), `^${id().slice(0, 2)}`]),
    label: () => world.pick(["tier", "tier=front", "tier=", "only-3", 'only-3=a "quoted" text', "only-3="]),
    status: () => world.pick(["running", "exited", "created", "paused", "e", "nonsense"]),
    node,
    health: () => world.pick(["none", "healthy", "starting"]),
    exited: () => world.pick(["0", "1", "x"]),
    network: () => world.pick(["bridge", "aa", `${node()}/app`]),
    publish: () => world.pick(["8001", "8000-8004/tcp"]),
    ancestor: () => world.pick(["busybox", "sha256:2"]),
    before: id,
    since: id,
    "is-task": () => world.pick(["true", "false", "odd"]),
    unheard: () => "of",
  };
  const asked: Record<string, readonly string[]> = {};
  for (let n = world.pick([0, 0, 1, 1, 2, 3]); n > 0; n--) {
    const key = world.pick(Object.keys(values));
    asked[key] = Array.from({ length: world.pick([0, 1, 1, 2]) }, () => values[key]?.() ?? "");
  }
  return listQuery({
    all: world.chance(0.6),
    limit: world.pick([0, 0, 0, -1, 1, 5, 70]),
    before: world.chance(0.1) ? id() : undefined,
    filters: filters(asked),
    clientVersion: world.pick([undefined, "1.40", "1.41"]),
  });
}

describe("api/views/listing/container-listing", () => {
  const allOf = listQuery({ all: true });

  // prettier-ignore
  const worlds = [
    { seed: 1, size: 0,   sizes: {} },
    { seed: 2, size: 60,  sizes: {} },
    { seed: 3, size: 300, sizes: {} },
    { seed: 4, size: 600, sizes: {} },
    { seed: 5, size: 300, sizes: { few: 0 } },
    { seed: 6, size: 400, sizes: { few: 0, many: 20 } },
    { seed: 7, size: 400, sizes: { few: 5, many: 0 } },
  ];
  for (const { seed, size, sizes } of worlds)
    it(`says what the plain list says, whatever happens and is asked (${size} containers, ${JSON.stringify(sizes)})`, function () {
      this.timeout(60_000);
      const world = new RandomWorld(seed, 5, sizes);
      for (let n = 0; n < size; n++) world.add();
      for (let step = 0; step < 800; step++) {
        const kind = world.below(20);
        if (kind < 6 + (seed % 2)) world.add();
        else if (kind < 12) world.remove();
        else if (kind < 14) world.change();
        else if (kind < 16) world.restate(world.chance(0.3));
        else if (kind < 17) world.changeNode();
        else world.passTime();
        if (world.chance(0.02)) world.listing.forgetBytes();
        if (world.chance(0.3)) expectSame(world, world.chance(0.3) ? allOf : randomQuery(world));
        if (world.chance(0.1)) expectSame(world, listQuery());
      }
    });

  it("says so for names searched in a table that has worn out, too", () => {
    const world = new RandomWorld(5);
    for (let n = 0; n < 50; n++) world.add();
    const named = listQuery({ all: true, filters: filters({ name: ["web-1"] }) });
    for (let n = 0; n < 3_000; n++) {
      if (n % 3 > 0) world.add();
      else world.remove();
      if (n % 100 === 0) expectSame(world, named);
    }
  });

  it("says so for more labels than it keeps answers for", () => {
    const world = new RandomWorld(9);
    for (let n = 0; n < 300; n++) world.add();
    for (let n = 0; n < 60; n++) {
      const label = [`only-${n % 20}`, `tier=${world.pick(["front", "back"])}`];
      expectSame(world, listQuery({ all: true, filters: filters({ label }) }));
      world.change();
      world.remove();
    }
  });

  it("sends the same bytes again while nothing changes, and only one page of them anew when one container does", () => {
    const world = new RandomWorld(6);
    for (let n = 0; n < 2_000; n++) world.add();
    const list = (): ReadonlySet<Buffer> => new Set(world.listing.list(allOf, contextOf(world), world.nowMs));
    const first = list();
    const inner = (pieces: ReadonlySet<Buffer>): Buffer[] => [...pieces].slice(1, -2);
    expect(first.size).to.be.greaterThan(15);
    expect(inner(list()).every((piece) => first.has(piece))).to.equal(true);
    world.nowMs += 60_000;
    const later = list();
    expect(inner(list()).every((piece) => later.has(piece))).to.equal(true);
    world.change();
    const changed = list();
    expect(inner(changed).filter((piece) => !later.has(piece)).length).to.be.at.most(1);
    world.restate();
    expect(inner(list()).filter((piece) => !changed.has(piece)).length).to.equal(1);
    expectSame(world, allOf);
  });

  it("gets a list ready page by page", () => {
    const world = new RandomWorld(7);
    for (let n = 0; n < 500; n++) world.add();
    const turns = (): number => {
      let count = 0;
      let at: number | undefined = 0;
      for (; at !== undefined; count++) at = world.listing.prepare(at, world.nowMs, () => false);
      return count;
    };
    expect(turns()).to.be.greaterThan(3);
    expect(turns()).to.equal(1);
    expectSame(world, allOf);
    world.nowMs += 3_600_000;
    expect(turns()).to.be.greaterThan(3);
    expectSame(world, allOf);
  });

  it("is not misled by a node that changed between getting ready and the list, and back", () => {
    const world = new RandomWorld(8, 2);
    for (let n = 0; n < 300; n++) world.add();
    const [node] = world.nodes;
    if (node === undefined) throw new Error("no node");
    const before = { ...node };
    Object.assign(node, { name: "another", clockDeltaMs: 3_600_000, ip: "10.9.9.9" });
    world.listing.prepare(0, world.nowMs, () => true);
    Object.assign(node, before);
    expectSame(world, allOf);
    Object.assign(node, { clockDeltaMs: 3_600_000 });
    for (let n = 0; n < 40; n++) world.add();
    Object.assign(node, before);
    expectSame(world, allOf);
  });
});
