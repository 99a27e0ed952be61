import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { expectThat, Findings, type Figure } from "../../bench/harness/figures.ts";
import { parseOptions, scaled } from "../../bench/harness/options.ts";
import { reportTable, short, type Report } from "../../bench/harness/report.ts";
import { markdownTables } from "../../bench/harness/markdown.ts";
import { loadResult, loadResults, saveResult } from "../../bench/harness/results.ts";
import { medians } from "../../bench/harness/run-section.ts";

const machine = { processor: "a processor", cores: 2, memoryGiB: 4, node: "v20", commit: "abc1234" };
const report = (figures: readonly Figure[], more: Partial<Report> = {}): Report => ({
  ...{ section: "list", machine, engines: 1_000, containers: 30, faults: [], figures },
  ...more,
});

describe("bench/figures", () => {
  it("drops the figures of a step whose answers were wrong, and goes on", async () => {
    const findings = new Findings();
    await findings.step("first", () => {
      expectThat(findings.faults.length > 0, "3 entries, there are 4");
      return Promise.resolve([{ what: "first", value: 1, unit: "ms" }]);
    });
    await findings.step("second", () => Promise.resolve([{ what: "second", value: 2, unit: "ms" }]));
    expect(findings.figures.map(({ what }) => what)).to.deep.equal(["second"]);
    expect(findings.faults).to.deep.equal(["first: 3 entries, there are 4"]);
  });

  it("takes the median of runs, of direct figures too", () => {
    const run = (value: number, direct: number): Figure[] => [
      { what: "a", value, direct, unit: "ms", target: 9 },
    ];
    expect(medians([run(3, 1), run(1, 2), run(2, 6), [{ what: "b", value: 5, unit: "s" }]])).to.deep.equal([
      { what: "a", value: 2, direct: 2, unit: "ms", target: 9 },
      { what: "b", value: 5, unit: "s" },
    ]);
  });

  // prettier-ignore
  const rows: readonly { it: string; figure: Partial<Figure>; engines?: number; shows: RegExp }[] = [
    { it: "a target that holds",          figure: { better: "lower", target: 45 },           shows: /40 ms +≤ 45 holds/ },
    { it: "a target that is missed",      figure: { better: "higher", target: 45 },          shows: /40 ms +≥ 45 MISSED/ },
    { it: "no target at another size",    figure: { better: "lower", target: 45 }, engines: 10, shows: /^what +40 ms +20 \(\+100 %\)$/m },
    { it: "the ratio to direct",          figure: { direct: 16 },                            shows: /16 \(2\.5×\)/ },
    { it: "the change to the last saved", figure: {},                                        shows: /20 \(\+100 %\)/ },
  ];
  for (const { it: what, figure, engines = 1_000, shows } of rows) {
    it(`shows ${what}`, () => {
      const before = { what: "what", value: 20, unit: "ms" };
      const last = { ...report([before]), date: "2026-01-01", runs: 1 };
      expect(reportTable(report([{ ...before, value: 40, ...figure }], { engines }), last)).to.match(shows);
    });
  }

  it("shows what was wrong", () => {
    expect(reportTable(report([], { faults: ["a: b"] }), undefined)).to.include("WRONG: a: b");
  });

  it("shortens figures to what counts", () => {
    expect([1234.5, 12.345, 0.012345, NaN].map(short)).to.deep.equal(["1235", "12.3", "0.0123", "–"]);
  });

  it("keeps results of several sizes apart, and makes one table of each", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "results-"));
    try {
      const result = { ...report([{ what: "a", value: 1, unit: "ms" }]), date: "2026-01-01", runs: 3 };
      saveResult(folder, result);
      expect(loadResult(folder, result)?.figures).to.deep.equal(result.figures);
      expect(loadResult(folder, { ...result, engines: 100 })).to.equal(undefined);
      expect(loadResult(folder, { ...result, section: "start" })).to.equal(undefined);
      const figure = { what: "a", value: 2, unit: "ms", better: "lower", target: 1, direct: 1 } as const;
      saveResult(folder, { ...result, engines: 100 });
      saveResult(folder, { ...result, section: "start", figures: [figure] });
      expect(loadResult(folder, result)?.engines).to.equal(1_000);
      const tables = markdownTables(loadResults(folder));
      expect(tables.match(/^`.*$/gm)).to.deep.equal([
        "`npm run bench -- list --engines 100 --containers 30 --runs 3` (2026-01-01, abc1234)",
        "`npm run bench -- list --runs 3` (2026-01-01, abc1234)",
        "`npm run bench -- start --runs 3` (2026-01-01, abc1234)",
      ]);
      expect(tables).to.include("| a | 2 ms | ≤ 1, **missed** | 1 ms (2×) |");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("bench/options", () => {
  it("has defaults, and takes numbers", () => {
    expect(parseOptions([])).to.include({ engines: 1_000, containers: 30, runs: 1, save: false });
    expect(parseOptions(["--engines", "10", "--save", "--only=name"])).to.include({
      ...{ engines: 10, save: true, only: "name" },
    });
  });

  for (const args of [["--engines", "0"], ["--runs", "x"], ["--nope"]]) {
    it(`refuses ${args.join(" ")}`, () => {
      expect(() => parseOptions(args)).to.throw();
    });
  }

  it("scales numbers of operations, but not to nothing", () => {
    const options = { ...parseOptions([]), effort: 0.01 };
    expect([scaled(1_000, options), scaled(10, options, 3)]).to.deep.equal([10, 3]);
  });
});
