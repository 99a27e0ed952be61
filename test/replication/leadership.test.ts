import { expect } from "chai";
import { noLeadership, soleLeadership, type Term } from "../../src/replication/leadership.ts";

describe("replication/leadership", () => {
  it("of a manager that has no others is one term, told at once", () => {
    const told: Term[] = [];
    const leadership = soleLeadership(7);
    leadership.onTerm((term) => told.push(term));
    expect(told).to.deep.equal([leadership.term]);
    expect(leadership.term).to.include({ number: 0, sinceMs: 7 });
    expect(leadership.term?.held()).to.equal(true);
  });

  it("lets as many listen to the end of that term as there are acts under way", async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error): unknown => warnings.push(name);
    process.on("warning", note);
    const { lost } = soleLeadership(0).term ?? {};
    for (let n = 0; n < 20; n++) lost?.addEventListener("abort", () => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", note);
    expect(warnings).to.deep.equal([]);
  });

  it("of a manager that leaves acting to others has no term", () => {
    noLeadership.onTerm(() => expect.fail("there is none"))();
    expect(noLeadership.term).to.equal(undefined);
  });
});
