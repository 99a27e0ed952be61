import { expect } from "chai";
import { VolumeTurns } from "../../src/api/containers/volume-turns.ts";
import type { Cluster } from "../../src/cluster/cluster.ts";

describe("api/containers/volume-turns", () => {
  /** No container exists yet. */
  const cluster = { containers: new Map() } as unknown as Cluster;
  const stays = new AbortController().signal;
  const body = (project: string, ...volumes: string[]) => ({
    Labels: { "com.docker.compose.project": project },
    HostConfig: { Binds: volumes.map((volume) => `${volume}:/x`) },
  });
  /** Whether a turn was given yet. */
  const given = async (turn: Promise<Disposable>): Promise<boolean> => {
    const later = new Promise<false>((resolve) => void setImmediate(() => resolve(false)));
    return await Promise.race([turn.then(() => true), later]);
  };

  it("are given one after another, also when nothing came of one", async () => {
    const turns = new VolumeTurns();
    const first = await turns.take(cluster, body("shop", "a", "b"), stays);
    const [second, third] = [["a"], ["b", "c"]].map((volumes) =>
      turns.take(cluster, body("shop", ...volumes), stays),
    ) as [Promise<Disposable>, Promise<Disposable>];
    const fourth = turns.take(cluster, body("shop", "c", "a"), stays);
    expect(await Promise.all([second, third, fourth].map(given))).to.deep.equal([false, false, false]);
    first[Symbol.dispose]();
    expect(await Promise.all([second, third, fourth].map(given))).to.deep.equal([true, true, false]);
    (await second)[Symbol.dispose]();
    expect(await given(fourth)).to.equal(false);
    (await third)[Symbol.dispose]();
    expect(await given(fourth)).to.equal(true);
  });

  it("are not waited for by a client that has left", async () => {
    const turns = new VolumeTurns();
    using _first = await turns.take(cluster, body("shop", "a"), stays);
    const leaves = new AbortController();
    const second = turns.take(cluster, body("shop", "a"), leaves.signal);
    expect(await given(second)).to.equal(false);
    leaves.abort();
    expect(await given(second)).to.equal(true);
  });

  it("are for one volume of one project", async () => {
    const turns = new VolumeTurns();
    using _first = await turns.take(cluster, body("shop", "a"), stays);
    for (const other of [body("shop", "b"), body("other", "a"), body("", "a"), body("shop")])
      expect(await given(turns.take(cluster, other, stays)), JSON.stringify(other)).to.equal(true);
  });
});
