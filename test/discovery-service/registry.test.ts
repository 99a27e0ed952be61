import { expect } from "chai";
import { Registry } from "../../src/discovery-service/registry.ts";
import type { Limits, SavedCluster } from "../../src/discovery-service/types.ts";
import { FakeClock, recordLog } from "./support.ts";

const hourMs = 3_600_000;

function make(limits: Partial<Limits> = {}) {
  const clock = new FakeClock();
  let changes = 0;
  const registry = new Registry({
    clock,
    log: recordLog().log,
    limits: {
      maxClusters: 3,
      maxEntries: 3,
      maxTotalEntries: 4,
      maxTtlSeconds: 3600,
      keepEmptyMs: hourMs,
      ...limits,
    },
    onChange: () => changes++,
  });
  const saved = () => registry.lines().map((line) => JSON.parse(line) as SavedCluster);
  return { registry, clock, saved, changes: () => changes };
}

describe("discovery-service/registry", () => {
  it("makes tokens of 32 hex digits, no two alike", () => {
    const { registry } = make();
    const [one, two] = [registry.create(), registry.create()];
    expect(one).to.match(/^[0-9a-f]{32}$/);
    expect(two)
      .to.match(/^[0-9a-f]{32}$/)
      .and.not.equal(one);
  });

  it("lists entries sorted, whatever their order of arrival", () => {
    const { registry } = make();
    const token = registry.create();
    for (const address of ["c:1", "a:1", "b:1"]) registry.register(token, address, 1000);
    expect(registry.list(token)).to.equal('["a:1","b:1","c:1"]');
  });

  it("does not list an entry from the moment its life is over", () => {
    const { registry, clock } = make();
    const token = registry.create();
    registry.register(token, "a:1", 1000);
    registry.register(token, "b:1", 2000);
    clock.advance(999);
    expect(registry.list(token)).to.equal('["a:1","b:1"]');
    clock.advance(1);
    expect(registry.list(token)).to.equal('["b:1"]');
    clock.advance(1000);
    expect(registry.list(token)).to.equal("[]");
  });

  it("lets an entry live on when it is registered again, for as long as it says then", () => {
    const { registry, clock } = make();
    const token = registry.create();
    registry.register(token, "a:1", 1000);
    clock.advance(900);
    registry.register(token, "a:1", 1000);
    clock.advance(900);
    expect(registry.list(token)).to.equal('["a:1"]');
    registry.register(token, "a:1", 100);
    clock.advance(100);
    expect(registry.list(token)).to.equal("[]");
  });

  it("lists an entry that was renewed after its end, before anybody looked", () => {
    const { registry, clock } = make();
    const token = registry.create();
    registry.register(token, "a:1", 1000);
    registry.list(token);
    clock.advance(5000);
    registry.register(token, "a:1", 1000);
    expect(registry.list(token)).to.equal('["a:1"]');
  });

  it("keeps clusters apart", () => {
    const { registry } = make();
    const [one, two] = [registry.create(), registry.create()];
    registry.register(one, "a:1", 1000);
    expect(registry.list(two)).to.equal("[]");
  });

  it("frees the memory of what is over", () => {
    const { registry, clock } = make();
    const token = registry.create();
    registry.register(token, "a:1", 1000);
    expect(registry.size).to.deep.equal({ clusters: 1, entries: 1 });
    clock.advance(1000);
    registry.sweep();
    expect(registry.size).to.deep.equal({ clusters: 1, entries: 0 });
    clock.advance(hourMs + 1);
    registry.sweep();
    expect(registry.size).to.deep.equal({ clusters: 0, entries: 0 });
    expect(() => registry.list(token)).to.throw("no such cluster");
  });

  it("keeps a cluster as long as somebody registers in it", () => {
    const { registry, clock } = make();
    const token = registry.create();
    for (let hour = 0; hour < 10; hour++) {
      registry.register(token, "a:1", hourMs);
      clock.advance(hourMs / 2);
      registry.sweep();
    }
    clock.advance(hourMs / 2);
    registry.sweep();
    expect(registry.list(token)).to.equal("[]");
    clock.advance(hourMs);
    registry.sweep();
    expect(registry.list(token)).to.equal("[]");
  });

  it("forgets entries and clusters when told to", () => {
    const { registry } = make();
    const token = registry.create();
    registry.register(token, "a:1", 1000);
    registry.register(token, "b:1", 1000);
    registry.list(token);
    registry.deleteEntry(token, "a:1");
    expect(registry.list(token)).to.equal('["b:1"]');
    expect(() => registry.deleteEntry(token, "a:1")).to.throw("no such entry");
    registry.deleteCluster(token);
    expect(registry.size).to.deep.equal({ clusters: 0, entries: 0 });
    expect(() => registry.deleteCluster(token)).to.throw("no such cluster");
  });

  it("takes no more than it may, and again when something has ended", () => {
    const { registry, clock } = make();
    const [one, two] = [registry.create(), registry.create()];
    registry.create();
    expect(() => registry.create()).to.throw("as many clusters as it may (3)");
    for (const address of ["a:1", "b:1", "c:1"]) registry.register(one, address, 1000);
    expect(() => registry.register(one, "d:1", 1000)).to.throw(
      "this cluster has as many entries as it may (3)",
    );
    registry.register(two, "a:1", 5000);
    expect(() => registry.register(two, "b:1", 1000)).to.throw(
      "this service holds as many entries as it may (4)",
    );
    registry.register(one, "a:1", 1000); // a renewal needs no room
    clock.advance(1000);
    registry.register(one, "d:1", 1000);
    registry.register(two, "b:1", 1000);
    expect(registry.list(one)).to.equal('["d:1"]');
  });

  describe("what is saved", () => {
    it("changes with the set, not with renewals", () => {
      const { registry, changes, clock } = make();
      const token = registry.create();
      registry.register(token, "a:1", 1000);
      const before = changes();
      for (let beat = 0; beat < 5; beat++) {
        clock.advance(500);
        registry.register(token, "a:1", 1000);
        registry.list(token);
        registry.sweep();
      }
      expect(changes()).to.equal(before);
      clock.advance(1000);
      registry.sweep();
      expect(changes()).to.equal(before + 1);
    });

    it("is the tokens, the entries with their lives, and since when nobody is there", () => {
      const { registry, clock, saved } = make();
      const token = registry.create();
      expect(saved()).to.deep.equal([{ token, emptySince: clock.begin, entries: {} }]);
      registry.register(token, "a:1", 1000);
      expect(saved()).to.deep.equal([{ token, emptySince: null, entries: { "a:1": 1000 } }]);
      clock.advance(7000);
      registry.sweep();
      expect(saved()).to.deep.equal([{ token, emptySince: clock.begin + 7000, entries: {} }]);
    });

    it("comes back with its whole life", () => {
      const { registry, clock } = make({ maxEntries: 1 });
      const token = "0".repeat(32);
      registry.restore([{ token, emptySince: null, entries: { "a:1": 1000, "b:1": 2000 } }]);
      expect(registry.list(token)).to.equal('["a:1","b:1"]');
      clock.advance(1000);
      expect(registry.list(token)).to.equal('["b:1"]');
    });

    it("counts the time a cluster was empty before", () => {
      const { registry, clock } = make();
      const [old, odd] = ["1".repeat(32), "2".repeat(32)];
      const { begin } = clock;
      registry.restore([
        { token: old, emptySince: begin - hourMs, entries: {} },
        { token: odd, emptySince: begin + 1000 * hourMs, entries: {} },
      ]);
      clock.advance(1);
      registry.sweep();
      expect(() => registry.list(old)).to.throw("no such cluster");
      expect(registry.list(odd)).to.equal("[]");
      clock.advance(hourMs);
      registry.sweep();
      expect(() => registry.list(odd)).to.throw("no such cluster");
    });
  });
});
