import { expect } from "chai";
import { keptPerCluster } from "../../src/api/kept-per-cluster.ts";
import type { ContainerView } from "../../src/api/views/types.ts";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { ContainerIndex } from "../../src/cluster/container-index.ts";
import { hex, record } from "../cluster/builders.ts";

describe("api/kept-per-cluster", () => {
  it("makes one view for each cluster, and tells it of every change", () => {
    const news: string[] = [];
    const viewOf = keptPerCluster(() => ({
      add: ({ summary }: ContainerView) => void news.push(`+${summary.Id.slice(0, 1)}`),
      remove: ({ summary }: ContainerView) => void news.push(`-${summary.Id.slice(0, 1)}`),
      replace: (old: ContainerView, { summary }: ContainerView) =>
        void news.push(`${old.summary.Id.slice(0, 1)}=${summary.Id.slice(0, 1)}`),
      forgetBytes: () => undefined,
    }));
    const cluster = { containers: new ContainerIndex() } as unknown as Cluster;
    const other = { containers: new ContainerIndex() } as unknown as Cluster;
    const [a, b] = [record({ id: hex("a") }), record({ id: hex("b") })];
    cluster.containers.add(a);
    expect(viewOf(cluster)).to.equal(viewOf(cluster));
    expect(viewOf(cluster)).to.not.equal(viewOf(other));
    cluster.containers.add(b);
    cluster.containers.replace(b, record({ id: hex("b"), state: { ExitCode: 1 } }));
    cluster.containers.remove(a);
    expect(news).to.deep.equal(["+b", "b=b", "-a"]);
  });
});
