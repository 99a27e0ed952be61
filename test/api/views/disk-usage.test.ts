import { expect } from "chai";
import type { ContainerSummary, ImageSummary, Unknown } from "../../../src/docker/types.ts";
import { mergeBuildCache } from "../../../src/api/views/build-cache.ts";
import { diskUsageKinds, mergeDiskUsage } from "../../../src/api/views/disk-usage.ts";
import type { DiskUsageContext, NodeDiskUsage } from "../../../src/api/views/disk-usage.ts";
import { container, exited, image, node, now } from "./builders.ts";

const n1 = node();
const n2 = node({ name: "node-2", port: 5502, clockDeltaMs: 5_000 });

const merge = (nodes: readonly NodeDiskUsage[], over: Partial<DiskUsageContext> = {}): Unknown =>
  mergeDiskUsage(nodes, {
    kinds: new Set(diskUsageKinds),
    clientVersion: "1.44",
    nowMs: now,
    find: () => undefined,
    ...over,
  });

describe("api/views/disk-usage", () => {
  it("is nothing without anything", () => {
    expect(merge([])).to.deep.equal({
      LayersSize: 0,
      Images: [],
      Containers: [],
      Volumes: [],
      BuildCache: [],
    });
  });

  it("adds up the layers of all nodes", () => {
    const nodes = [10, 32, undefined, "nonsense", -1].map((LayersSize) => ({
      node: n1,
      usage: { LayersSize },
    }));
    expect(merge(nodes).LayersSize).to.equal(42);
  });

  it("shows an image once, with what it takes on all nodes together", () => {
    const here = image({
      Id: "sha256:1",
      Created: 5,
      RepoTags: ["a:1"],
      Size: 100,
      SharedSize: 30,
      Containers: 1,
    });
    const there = image({
      Id: "sha256:1",
      Created: 5,
      RepoTags: ["b:1"],
      Size: 100,
      SharedSize: 60,
      Containers: 2,
    });
    const other = image({
      Id: "sha256:2",
      Created: 9,
      RepoTags: ["c:1"],
      Size: 7,
      SharedSize: -1,
      Containers: 0,
    });
    const { Images } = merge([
      { node: n1, usage: { Images: [here] } },
      { node: n2, usage: { Images: [there, other] } },
    ]);
    const [first, second] = Images as ImageSummary[];
    expect(first).to.include({ Id: "sha256:2", Size: 7, SharedSize: -1, Containers: 0 });
    expect(second).to.deep.include({ Size: 200, SharedSize: 90, Containers: 3, RepoTags: ["a:1", "b:1"] });
  });

  it("gives old clients the virtual size, new ones none", () => {
    const usage = { Images: [image({ Id: "sha256:1", Size: 4, VirtualSize: 4 })] };
    const nodes = [n1, n2].map((each) => ({ node: each, usage }));
    const sizes = (clientVersion: string): unknown =>
      (merge(nodes, { clientVersion }).Images as ImageSummary[])[0]?.VirtualSize;
    expect([sizes("1.41"), sizes("1.44")]).to.deep.equal([8, undefined]);
  });

  it("lists containers as `ps` does, with their sizes", () => {
    const known = container({ name: "web", node: n2, state: exited(3) });
    const listed = { ...known.summary, SizeRw: 5, SizeRootFs: 50, Created: 100 };
    const unknown = container({ name: "new" }).summary;
    const { Containers } = merge(
      [
        { node: n1, usage: { Containers: [unknown] } },
        { node: n2, usage: { Containers: [listed] } },
      ],
      { find: (id) => (id === listed.Id ? known : undefined) },
    );
    const [first, second] = Containers as ContainerSummary[];
    expect(first?.Names).to.deep.equal(["/node-1/new"]);
    expect(second?.Names).to.deep.equal(["/node-2/web"]);
    expect(second).to.include({ SizeRw: 5, SizeRootFs: 50, Created: 105 });
    expect(second?.Status).to.match(/^Exited \(3\)/);
  });

  it("names local volumes with their nodes, and shows one that spans nodes once", () => {
    const local = { Name: "data", Driver: "local", Scope: "local", UsageData: { Size: 5, RefCount: 1 } };
    const shared = { Name: "nfs", Driver: "netshare", Scope: "global" };
    const { Volumes } = merge([
      { node: n2, usage: { Volumes: [local, { ...shared, UsageData: { Size: -1, RefCount: 1 } }] } },
      { node: n1, usage: { Volumes: [local, { ...shared, UsageData: { Size: 9, RefCount: 2 } }] } },
    ]);
    expect((Volumes as Unknown[]).map(({ Name, UsageData }) => [Name, UsageData])).to.deep.equal([
      ["nfs", { Size: 9, RefCount: 3 }],
      ["node-1/data", { Size: 5, RefCount: 1 }],
      ["node-2/data", { Size: 5, RefCount: 1 }],
    ]);
  });

  it("leaves out what was not asked for", () => {
    const usage = { LayersSize: 9, Images: [], Containers: [], Volumes: [], BuildCache: [] };
    expect(merge([{ node: n1, usage }], { kinds: new Set(["volume"]) })).to.deep.equal({
      LayersSize: 0,
      Images: null,
      Containers: null,
      Volumes: [],
      BuildCache: null,
    });
  });

  it("keeps the old build cache size, added up", () => {
    const nodes = [n1, n2].map((each) => ({ node: each, usage: { BuilderSize: 4 } }));
    expect(merge(nodes).BuilderSize).to.equal(8);
  });

  it("reads nothing into nonsense", () => {
    const usage = { Images: "many", Containers: [null, 5, {}], Volumes: [{ Name: 5 }], BuildCache: {} };
    expect(merge([{ node: n1, usage }])).to.deep.equal(merge([]));
  });
});

describe("api/views/build-cache", () => {
  it("names records with their nodes only where their IDs collide", () => {
    const records = mergeBuildCache([
      {
        node: n1,
        records: [
          { ID: "a", Size: 1 },
          { ID: "b", Parent: "a", Parents: ["a", "z"] },
        ],
      },
      {
        node: n2,
        records: [
          { ID: "a", Size: 2 },
          { ID: "c", Parents: ["a"] },
        ],
      },
    ]);
    expect(records).to.deep.equal([
      { ID: "node-1/a", Size: 1 },
      { ID: "b", Parent: "node-1/a", Parents: ["node-1/a", "z"] },
      { ID: "node-2/a", Size: 2 },
      { ID: "c", Parents: ["node-2/a"] },
    ]);
  });
});
