import { expect } from "chai";
import { engineId, isNamed, meansObject } from "../../../src/api/views/node-names.ts";
import { node } from "./builders.ts";

const known = node();
const unknown = node({ name: "", id: "" });

describe("api/views/node-names", () => {
  it("takes the engine's own ID from the combined one", () => {
    expect([engineId(known), engineId(unknown)]).to.deep.equal(["J6AP", ""]);
  });

  // prettier-ignore
  const cases = [
    { text: "node-1",                 of: known,   is: true },
    { text: "J6AP|127.0.0.1:5501",    of: known,   is: true },
    { text: "J6AP",                   of: known,   is: true },
    { text: "node",                   of: known,   is: false },
    { text: "127.0.0.1:5501",         of: known,   is: false },
    { text: "",                       of: unknown, is: false },
  ];
  for (const { text, of, is } of cases) {
    it(`says "${text}" ${is ? "names" : "does not name"} ${of.name || "an engine never reached"}`, () => {
      expect(isNamed(of, text)).to.equal(is);
    });
  }

  // prettier-ignore
  const objects = [
    { reference: "x",               name: "x",      is: true },
    { reference: "node-1/x",        name: "x",      is: true },
    { reference: "J6AP/x",          name: "x",      is: true },
    { reference: "node-2/x",        name: "x",      is: false },
    { reference: "/x",              name: "x",      is: false },
    { reference: "node-1/l2/al",    name: "l2/al",  is: true },
  ];
  for (const { reference, name, is } of objects) {
    it(`says ${reference} ${is ? "means" : "does not mean"} ${name} on node-1`, () => {
      expect(meansObject(reference, known, name)).to.equal(is);
    });
  }
});
