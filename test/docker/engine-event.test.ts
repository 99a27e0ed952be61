import { expect } from "chai";
import { engineEvent } from "../../src/docker/engine-event.ts";

describe("docker/engine-event", () => {
  it("keeps every digit of the nanoseconds", () => {
    const event = engineEvent('{"Type":"container","time":1795241360,"timeNano":1795241360469703577}');
    expect(event?.timeNano).to.equal(1795241360469703577n);
  });

  it("does not take a label's text for the time", () => {
    const event = engineEvent('{"Actor":{"ID":"a","Attributes":{"x":"\\"timeNano\\":1,"}},"timeNano":17}');
    expect(event?.timeNano).to.equal(17n);
  });

  it("does not take another object's time for its own", () => {
    for (const json of [
      '{"timeNano":17,"more":{"timeNano":5}}',
      '{"more":{"timeNano":5},"timeNano":17}',
      '{"timeNano":17,"more":{"timeNano":"x"}}',
    ])
      expect(engineEvent(json)?.timeNano, json).to.equal(17n);
  });

  it("passes on fields it does not know", () => {
    expect(engineEvent('{"Type":"node","extra":[1]}')).to.deep.equal({ Type: "node", extra: [1] });
  });

  // prettier-ignore
  const odd = [
    { what: "an actor that is a text",       json: '{"Type":"container","Actor":"x"}',                        event: { Type: "container" } },
    { what: "attributes that are null",      json: '{"Actor":{"ID":"a","Attributes":null}}',                  event: { Actor: { ID: "a", Attributes: {} } } },
    { what: "attributes that are a list",    json: '{"Actor":{"ID":"a","Attributes":["x"]}}',                 event: { Actor: { ID: "a", Attributes: {} } } },
    { what: "an attribute that is a number", json: '{"Actor":{"ID":"a","Attributes":{"n":1,"s":"t"}}}',       event: { Actor: { ID: "a", Attributes: { s: "t" } } } },
    { what: "an ID that is a number",        json: '{"id":5,"Actor":{"ID":5}}',                               event: { Actor: { Attributes: {} } } },
    { what: "times that are none",           json: '{"time":"now","timeNano":"later"}',                       event: {} },
    { what: "a time beyond numbers",         json: '{"time":1e999,"timeNano":1.5}',                           event: {} },
  ];
  for (const { what, json, event } of odd) {
    it(`leaves out ${what}`, () => expect(engineEvent(json)).to.deep.equal(event));
  }

  it("is nothing when it is not JSON", () => expect(engineEvent("{nonsense}")).to.equal(undefined));
});
