import { expect } from "chai";
import { isWithin, KeySpace } from "../../src/store/keys.ts";

describe("store/keys", () => {
  it("puts the prefix before a key, however its slashes are written, and takes it away again", () => {
    for (const prefix of ["swarm/prod", "/swarm/prod/", "swarm//prod"]) {
      const keys = new KeySpace(prefix);
      expect(keys.full("docker/swarm/leader")).to.equal("swarm/prod/docker/swarm/leader");
      expect(keys.short("swarm/prod/docker/swarm/leader")).to.equal("docker/swarm/leader");
      expect(keys.fullTarget({ folder: "" })).to.deep.equal({ folder: "swarm/prod" });
      expect(keys.fullTarget({ folder: "docker" })).to.deep.equal({ folder: "swarm/prod/docker" });
    }
    expect(new KeySpace("").full("leader")).to.equal("leader");
    expect(new KeySpace("").fullTarget({ folder: "" })).to.deep.equal({ folder: "" });
  });

  it("refuses a prefix that is no key", () => {
    expect(() => new KeySpace("../other")).to.throw("not a prefix");
  });

  it("refuses what one of the stores would: control characters, private use, beyond the first plane", () => {
    const keys = new KeySpace("");
    for (const bad of ["\u0001", "\u009f", "\ud800", "\ue000", "\uffff", "\u{1f40b}"])
      expect(() => keys.full(`a${bad}`), JSON.stringify(bad)).to.throw("not a key");
    expect(keys.full("größe/東京")).to.equal("größe/東京");
  });

  it("knows what is in a folder", () => {
    expect(isWithin({ folder: "a" }, "a/b/c")).to.equal(true);
    for (const key of ["a", "ab/c", "b/a"]) expect(isWithin({ folder: "a" }, key), key).to.equal(false);
    expect(isWithin({ folder: "" }, "anything")).to.equal(true);
  });
});
