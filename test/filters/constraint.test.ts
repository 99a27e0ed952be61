import { expect } from "chai";

import { candidate, fixtureF1, frame, outcome, request, scheduler, SLOTS } from "../scheduler/builders.ts";

const place = (constraints: string[], modern = false): string =>
  outcome(scheduler({ modern }).place(request({ constraints }), fixtureF1()));

describe("filters/constraint: the table of scheduling.md §10.1", () => {
  // prettier-ignore
  const single: readonly (readonly [id: string, constraint: string, result: string])[] = [
    ["C01", "node==n1", "n1"],
    ["C02", "node==ID-n2", "n2"],
    ["C03", "node!=n1", "n3 n2"],
    ["C04", "node==n*", "n3 n1 n2"],
    ["C05", "node==N1", frame(SLOTS, "[node==N1]")],
    ["C06", "node==/n[12]/", "n1 n2"],
    ["C07", "node==/(?i)N1/", "n1"],
    ["C08", "node==/n\\d/", "n3 n1 n2"],
    ["C09", "node!=/n[12]/", "n3"],
    ["C10", "node==/1/", "n1"],
    ["C11", "node==n.", "n3 n1 n2"],
    ["C12", "node==n1|n2", "n1 n2"],
    ["C13", "node==.1", "n1"],
    ["C14", "storage==ssd", "n1"],
    ["C15", "storage!=ssd", "n3 n2"],
    ["C16", "storage==*", "n3 n1 n2"],
    ["C17", "storage==/./", "n1 n2"],
    ["C18", "storage!=*", frame(SLOTS, "[storage!=*]")],
    ["C19", "region==us*", "n1 n2"],
    ["C20", "region!=us*", "n3"],
    ["C21", "region==us", frame(SLOTS, "[region==us]")],
    ["C22", "region==/us/", "n1 n2"],
    ["C23", "region==~mars", "n3 n1 n2"],
    ["C24", "node==~n2", "n2"],
    ["C25", "node!=~n1", "n3 n2"],
    ["C26", "storage===ssd", frame(SLOTS, "[storage===ssd]")],
    ["C27", "storage==/=/", frame(SLOTS, "error from constraint filter: Value '/=/' is invalid")],
    ["C28", "kernelversion==5.10*", "n1"],
    ["C29", "kernelversion==5010*", frame(SLOTS, "[kernelversion==5010*]")],
    ["C30", "node==/n1", frame(SLOTS, "[node==/n1]")],
    ["C31", "node==n1/", frame(SLOTS, "[node==n1/]")],
    ["C32", "node==/n[/", frame(SLOTS, "[node==/n[/]")],
    ["C33", "node!=/n[/", "n3 n1 n2"],
    ["C34", "node==n(", frame(SLOTS, "[node==n(]")],
    ["C35", "node==/foo\\[bar\\]/", frame(SLOTS, "[node==/foo\\[bar\\]/]")],
    ["C36", "node!=/foo\\[bar\\]/", "n3 n1 n2"],
    ["C37", "node==n1 ", frame(SLOTS, "[node==n1 ]")],
    ["C38", "ostype==windows", "n3"],
    ["C39", "node==/", frame(SLOTS, "[node==/]")],
    ["C40", "node==~/", "n3 n1 n2"],
    ["C41", "node==//", "n3 n1 n2"],
    ["C42", "nope==", frame(SLOTS, "error from constraint filter: Value '' is invalid")],
    ["C43", "1a==x", frame(SLOTS, "error from constraint filter: Key '1a' is invalid")],
    ["C44", "a==x", frame(SLOTS, "error from constraint filter: Key 'a' is invalid")],
    ["C45", "a b==x", frame(SLOTS, "error from constraint filter: Key 'a b' is invalid")],
    ["C46", "node==a@b", frame(SLOTS, "error from constraint filter: Value 'a@b' is invalid")],
    ["C47", "node==a,b", frame(SLOTS, "error from constraint filter: Value 'a,b' is invalid")],
    ["C48", "node==~~n1", frame(SLOTS, "error from constraint filter: Value '~~n1' is invalid")],
    ["C49", "node=n1", frame(SLOTS, "error from constraint filter: One of operator ==, != is expected")],
    ["C50", "node", frame(SLOTS, "error from constraint filter: One of operator ==, != is expected")],
    ["C51", "node!=n1==n2", frame(SLOTS, "error from constraint filter: Key 'node!=n1' is invalid")],
    ["C52", "node==n1!=n2", frame(SLOTS, "error from constraint filter: Value 'n1!=n2' is invalid")],
    ["C53", "node==n1==n2", frame(SLOTS, "error from constraint filter: Value 'n1==n2' is invalid")],
    ["C54", "node==a{2}", frame(SLOTS, "error from constraint filter: Value 'a{2}' is invalid")],
    ["C55", "node==~", frame(SLOTS, "error from constraint filter: Value '~' is invalid")],
    ["C56", "node=~n1", frame(SLOTS, "error from constraint filter: One of operator ==, != is expected")],
    ["C57", "node==!n1", frame(SLOTS, "[node==!n1]")],
    ["C58", "node==%", frame(SLOTS, "error from constraint filter: Value '%' is invalid")],
  ];
  for (const [id, constraint, result] of single) {
    it(`${id}: ${constraint}`, () => {
      expect(place([constraint])).to.equal(result);
    });
  }

  // prettier-ignore
  const several: readonly (readonly [id: string, constraints: string[], result: string])[] = [
    ["CM01", ["node==~n2", "region==~mars"], "n3 n1 n2"],
    ["CM02", ["node==~n2", "region==~mars", "storage==ssd"], "n1"],
    ["CM03", ["region==us*", "storage!=ssd"], "n2"],
    ["CM04", ["node==n1", "node==n2"], frame(SLOTS, "[node==n1 node==n2]")],
    ["CM05", ["node==n9", "zz=1"], frame(SLOTS, "error from constraint filter: One of operator ==, != is expected")],
  ];
  for (const [id, constraints, result] of several) {
    it(`${id}: ${constraints.join(" and ")}`, () => {
      expect(place(constraints)).to.equal(result);
    });
  }
});

describe("filters/constraint: node ids as they are, the table of scheduling.md §10.8", () => {
  const nodes = () => [
    candidate({ name: "n1", engineId: "AAAA:BBBB", id: "AAAA:BBBB|10.0.0.1:2375", addr: "10.0.0.1:2375" }),
    candidate({
      name: "n2",
      engineId: "CCCC:DDDD",
      id: "CCCC:DDDD|10.0.0.2:2375",
      addr: "10.0.0.2:2375",
      others: 1,
    }),
  ];
  const placeById = (constraint: string, modern = false): string =>
    outcome(scheduler({ modern }).place(request({ constraints: [constraint] }), nodes()));
  // prettier-ignore
  const cases: readonly (readonly [id: string, constraint: string, result: string])[] = [
    ["I01", "node==AAAA:BBBB", frame(SLOTS, "[node==AAAA:BBBB]")],
    ["I02", "node==AAAA:BBBB|10.0.0.1:2375", "n1"],
    ["I03", "node==AAAA*", "n1"],
    ["I04", "node==CCCC:DDDD|10.0.0.1:2375", "n1 n2"],
    ["I05", "node!=AAAA:BBBB", "n1 n2"],
    ["I06", "node==/AAAA:BBBB/", "n1"],
  ];
  for (const [id, constraint, result] of cases) {
    it(`${id}: ${constraint}`, () => {
      expect(placeById(constraint)).to.equal(result);
    });
  }

  it("knows an engine by its address (B7)", () => {
    expect(placeById("node==10.0.0.2:2375")).to.equal("n2");
    expect(placeById("node!=10.0.0.2:2375")).to.equal("n1");
  });

  it("knows an engine by its bare ID with modern rules only (B7)", () => {
    expect(placeById("node==AAAA:BBBB", true)).to.equal("n1");
    expect(placeById("node!=AAAA:BBBB", true)).to.equal("n2");
  });
});

describe("filters/constraint: modern rules", () => {
  it("lets values hold @ { } and commas (B9)", () => {
    expect(place(["node==a@b"], true)).to.equal(frame(SLOTS, "[node==a@b]"));
    expect(place(["node==/^n{1}1$/"], true)).to.equal("n1");
    expect(place(["node==%"], true)).to.equal(
      frame(SLOTS, "error from constraint filter: Value '%' is invalid"),
    );
  });

  it("gives up the last soft expression first, and only as many as needed (B2)", () => {
    expect(place(["node==~n2", "region==~mars"], true)).to.equal("n2");
    expect(place(["region==~mars", "node==~n2"], true)).to.equal("n3 n1 n2");
    expect(place(["node==~n2", "region==~mars", "storage==ssd"], true)).to.equal("n1");
  });

  it("finds the fewest drops among many", () => {
    const soft = Array.from({ length: 200 }, (_, i) => (i < 137 ? "node==~n2" : "region==~mars"));
    expect(place(soft, true)).to.equal("n2");
    expect(place(soft.slice(0, 138), true)).to.equal("n2");
  });
});

describe("filters/constraint: labels a client may name", () => {
  it("does not mistake an object's own machinery for a label", () => {
    expect(place(["constructor==*"])).to.equal("n3 n1 n2");
    expect(place(["__proto__==/./"])).to.equal(frame(SLOTS, "[__proto__==/./]"));
  });
});
