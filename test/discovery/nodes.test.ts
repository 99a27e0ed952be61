import { expect } from "chai";
import { createNodesDiscovery } from "../../discovery/nodes.ts";
import { addressesOf, itBehavesLikeADiscovery, read } from "./contract.ts";

const listed = async (list: string) => {
  await using reader = read(createNodesDiscovery(list));
  return addressesOf(await reader.next());
};

describe("discovery/nodes", () => {
  itBehavesLikeADiscovery(
    (addresses) => ({
      discovery: createNodesDiscovery(addresses.join(",")),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
    { changes: false },
  );

  it("expands patterns and trims blanks", async () => {
    expect(await listed("n[1:2]:1, b:2 ,c:3")).to.deep.equal(["n1:1", "n2:1", "b:2", "c:3"]);
  });

  const suffix = ", please check you are using the correct discovery (missing token:// ?)";
  // prettier-ignore
  const bad = [
    { list: "",              error: `missing port in address${suffix}` },
    { list: "a:1,",          error: `missing port in address${suffix}` },
    { list: "10.0.0.1",      error: `address 10.0.0.1: missing port in address${suffix}` },
    { list: "n[1:5001]:1,m[1:5001]:1", error: "more than 10000 addresses: m[1:5001]:1" },
    { list: "n[1:10000]:1,b:1",        error: "more than 10000 addresses: b:1" },
  ];
  for (const c of bad) {
    it(`refuses ${JSON.stringify(c.list)}`, () => {
      expect(() => createNodesDiscovery(c.list))
        .to.throw(c.error)
        .with.property("message", c.error);
    });
  }
});
