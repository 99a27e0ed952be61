import { expect } from "chai";
import { kvFolder } from "../../discovery/kv-path.ts";

describe("discovery/kv-path", () => {
  // prettier-ignore
  const cases = [
    { it: "the original's place",                          prefix: "",          path: undefined,       is: "docker/swarm/nodes" },
    { it: "below the URI's prefix",                        prefix: "a/b",       path: undefined,       is: "a/b/docker/swarm/nodes" },
    { it: "elsewhere, when told",                          prefix: "a",         path: "mine",          is: "a/mine" },
    { it: "at Docker's own place, when told nothing",      prefix: "a",         path: "",              is: "a/docker/nodes" },
    { it: "with superfluous slashes taken away",           prefix: "/a//b/",    path: "//c///d/",      is: "a/b/c/d" },
    { it: "with dots resolved",                            prefix: "a/./b",     path: "../c/./d",      is: "a/c/d" },
    { it: "never above the root",                          prefix: "a",         path: "../../../c",    is: "c" },
    { it: "at the prefix itself",                          prefix: "a",         path: "/",             is: "a" },
  ];
  for (const { it: title, prefix, path, is } of cases) {
    it(`is ${title}`, () => expect(kvFolder(prefix, path)).to.equal(is));
  }

  it("is not the whole store", () => {
    for (const path of ["/", ".", "..", "x/.."]) {
      expect(() => kvFolder("", path)).to.throw(`kv.path=${path} names no folder in the store`);
    }
  });
});
