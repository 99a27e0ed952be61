import { expect } from "chai";
import { pino } from "pino";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { Attempts } from "../../src/reschedule/attempts.ts";
import { CaseReports } from "../../src/reschedule/case-reports.ts";
import type { Case } from "../../src/reschedule/cases.ts";
import { DuplicateStaysError } from "../../src/reschedule/moves/remove-copy.ts";
import { hex } from "../cluster/builders.ts";
import { copy, wanted } from "./builders.ts";

describe("reschedule/case-reports", () => {
  it("says once for each different error why a duplicate stays", () => {
    const said: string[] = [];
    const log = pino(
      { base: null },
      { write: (line: string) => void said.push((JSON.parse(line) as { msg: string }).msg) },
    );
    const cluster = {} as unknown as Cluster;
    const reports = new CaseReports({ announce: () => undefined, log, cluster });
    const about: Case = {
      wanted: wanted(),
      sinceMs: 0,
      stage: { kind: "working", task: "duplicate" },
      announced: false,
    };
    const attempts = new Attempts();
    const late = new Error("not done within 300 s", {
      cause: new DuplicateStaysError(copy(), new Error("given up")),
    });
    const busy = new DuplicateStaysError(copy(), new Error("device busy"));
    for (const error of [busy, late, busy, late]) reports.failed(about, attempts.failed(error, 0));
    expect(said).to.deep.equal([
      `Failed to remove duplicate container ${hex("a")} on node node-1: device busy`,
      `Failed to remove duplicate container ${hex("a")} on node node-1: given up`,
    ]);
  });
});
