import { expect } from "chai";

import {
  cpusFromNano,
  cpusOf,
  engineCpuShares,
  healthIndicator,
  withOvercommit,
} from "../../src/scheduler/resources.ts";
import { loadPercent } from "../../strategies/score.ts";

describe("scheduler/resources", () => {
  // prettier-ignore
  const totals: readonly (readonly [total: number, overcommit: number, result: number])[] = [
    [1_000, 0.05, 1_050],
    [19,    0.05, 19],
    [20,    0.05, 21],
    [100,   0.29, 128],
    [2,     0.5,  3],
    [100,   -0.5, 50],
    [99,    -0.5, 50],
    [900_719_925_474_540, 0.55, 1_396_115_884_485_537],
    [100,   0,    100],
    [2 ** 50 + 1, 100, (2 ** 50 + 1) + (2 ** 50 + 1) * 100],
  ];
  for (const [total, overcommit, result] of totals) {
    it(`${total} with overcommit ${overcommit} is ${result}`, () => {
      expect(withOvercommit(total, overcommit)).to.equal(result);
    });
  }

  it("reads back every number of CPUs from the shares it gave", () => {
    for (let engineCpus = 1; engineCpus <= 64; engineCpus += 1) {
      for (let cpus = 0; cpus <= engineCpus; cpus += 1) {
        const cpuShares = engineCpuShares(cpus, engineCpus);
        expect(cpusOf({ cpuShares, nanoCpus: 0 }, engineCpus)).to.equal(cpus);
      }
    }
    expect(engineCpuShares(1, 3)).to.equal(342);
    expect(engineCpuShares(1, 2)).to.equal(512);
  });

  it("counts --cpus upwards, and only without shares (B8)", () => {
    expect(cpusFromNano(1_500_000_000)).to.equal(2);
    expect(cpusFromNano(0)).to.equal(0);
    expect(cpusFromNano(-1)).to.equal(0);
    expect(cpusOf({ cpuShares: 0, nanoCpus: 500_000_000 }, 4)).to.equal(1);
    expect(cpusOf({ cpuShares: 512, nanoCpus: 9_000_000_000 }, 4)).to.equal(2);
  });

  it("lowers health with each failure", () => {
    expect([0, 1, 2, 3, 4].map((failures) => healthIndicator(true, failures, 3))).to.deep.equal([
      100, 67, 34, 0, 0,
    ]);
    expect(healthIndicator(false, 0, 3)).to.equal(0);
  });

  // prettier-ignore
  const loads: readonly (readonly [title: string, args: [number, number, number], percent: number])[] = [
    ["nothing asked is 100, also on a full node", [0, 9, 4],      100],
    ["truncated",                                 [1, 2, 8],      37],
    ["just under 101 fits",                       [36, 4_000, 4_000], 100],
    ["larger than the node never fits",           [5, 0, 4],      Infinity],
    ["a negative wish asks nothing",              [-1, 0, 4],     100],
  ];
  for (const [title, args, percent] of loads) {
    it(title, () => {
      expect(loadPercent(...args)).to.equal(percent);
    });
  }
});
