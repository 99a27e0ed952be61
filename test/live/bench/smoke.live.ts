import { expect } from "chai";
import { run } from "../../lab/command.ts";
import { repositoryRoot } from "../../lab/paths.ts";

/** On a quiet machine it takes two and a half. */
const MINUTES = 8;

describe("the benchmark", function () {
  this.timeout(MINUTES * 60_000);

  it("gets right answers in every section, on a small fleet", async () => {
    const bench = ["--import", "tsx", "scripts/bench.ts", "smoke"];
    const timeoutMs = (MINUTES - 0.5) * 60_000;
    const { code, signal, stdout, stderr } = await run(process.execPath, bench, {
      cwd: repositoryRoot,
      timeoutMs,
    });
    expect(code, `${String(signal)}\n${stdout}\n${stderr}`).to.equal(0);
    expect(stdout).to.match(/smoke: 0 failures/);
  });
});
