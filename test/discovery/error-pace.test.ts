import { expect } from "chai";
import { ErrorPace } from "../../discovery/error-pace.ts";

describe("discovery/error-pace", () => {
  it("admits each text once in a period", () => {
    const pace = new ErrorPace(1000);
    // prettier-ignore
    const said = [
      pace.admits("a", 0),     // news
      pace.admits("a", 999),
      pace.admits("b", 999),   // news
      pace.admits("a", 1000),  // again
      pace.admits("b", 1998),
      pace.admits("b", 1999),  // again
    ];
    expect(said).to.deep.equal([true, false, true, true, false, true]);
  });

  it("admits anything once the failure was over", () => {
    const pace = new ErrorPace(1000);
    pace.admits("a", 0);
    pace.reset();
    expect(pace.admits("a", 1)).to.equal(true);
  });

  it("does not follow a text that is another one each time", () => {
    const pace = new ErrorPace(1000);
    const admitted = Array.from({ length: 100 }, (_, at) => pace.admits(`try ${at}`, at));
    expect(admitted.filter(Boolean)).to.have.length(10);
    expect(pace.admits("try 100", 1000)).to.equal(true);
  });
});
