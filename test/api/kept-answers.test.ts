import { expect } from "chai";
import { KeptAnswers } from "../../src/api/kept-answers.ts";

describe("api/kept-answers", () => {
  const cluster = {};
  let answers: KeptAnswers;
  let made: string[];
  beforeEach(() => {
    answers = new KeptAnswers();
    made = [];
  });
  const ask = (question: string, sources: readonly unknown[], of = cluster): string =>
    answers.of(of, question, sources, () => {
      made.push(question);
      return `${question} ${made.length}`;
    });

  it("gives an answer again while its sources are the same", () => {
    const list = [1];
    expect([ask("all", [list, "a"]), ask("all", [list, "a"])]).to.deep.equal(["all 1", "all 1"]);
  });

  // prettier-ignore
  const changes = [
    { what: "replaced",  sources: [[1], "a"] },
    { what: "renamed",   sources: ["list", "b"] },
    { what: "more",      sources: ["list", "a", "b"] },
    { what: "fewer",     sources: ["list"] },
  ];
  for (const { what, sources } of changes)
    it(`makes it anew when a source is ${what}`, () => {
      ask("all", ["list", "a"]);
      expect(ask("all", sources)).to.equal("all 2");
      expect(ask("all", [...sources])).to.equal("all 2");
    });

  it("tells questions and clusters apart", () => {
    ask("all", []);
    expect(ask("some", [])).to.equal("some 2");
    expect(ask("all", [], {})).to.equal("all 3");
    expect(ask("all", [])).to.equal("all 1");
  });

  it("keeps the four that were made last", () => {
    for (const question of ["a", "b", "c", "d", "e"]) ask(question, []);
    for (const question of ["b", "c", "d", "e"]) ask(question, []);
    expect(made).to.have.length(5);
    ask("a", []);
    expect(made).to.have.length(6);
  });
});
