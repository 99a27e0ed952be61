import { expect } from "chai";
import { expandPattern } from "../../discovery/pattern.ts";

describe("discovery/pattern", () => {
  // prettier-ignore
  const cases = [
    { it: "expands a range of hosts",               pattern: "10.0.0.[11:13]:2375",        is: "10.0.0.11:2375 10.0.0.12:2375 10.0.0.13:2375" },
    { it: "expands a range inside a port",          pattern: "192.168.1.2:[2:4]375",       is: "192.168.1.2:2375 192.168.1.2:3375 192.168.1.2:4375" },
    { it: "drops leading zeros",                    pattern: "10.0.0.[01:03]:1",           is: "10.0.0.1:1 10.0.0.2:1 10.0.0.3:1" },
    { it: "makes nothing of a descending range",    pattern: "10.0.0.[5:3]:1",             is: "" },
    { it: "makes nothing if one of two descends",   pattern: "10.0.[1:2].[5:3]:1",         is: "" },
    { it: "expands several ranges, left one slowest", pattern: "10.0.[1:2].[3:4]:1",       is: "10.0.1.3:1 10.0.1.4:1 10.0.2.3:1 10.0.2.4:1" },
    { it: "counts from negative numbers",           pattern: "n[-1:1]:1",                  is: "n-1:1 n0:1 n1:1" },
    { it: "leaves an IPv6 address alone",           pattern: "[::1]:2375",                 is: "[::1]:2375" },
    { it: "expands a range inside an IPv6 address", pattern: "[fd00::[1:2]]:2375",         is: "[fd00::1]:2375 [fd00::2]:2375" },
    { it: "takes brackets without numbers literally", pattern: "10.0.0.[a:b]:1",           is: "10.0.0.[a:b]:1" },
    { it: "takes percent signs literally",          pattern: "%d[1:2]%s:1",                is: "%d1%s:1 %d2%s:1" },
    { it: "keeps a pattern without ranges",         pattern: "a:1",                        is: "a:1" },
  ];
  for (const c of cases) {
    it(c.it, () => {
      expect(expandPattern(c.pattern).join(" ")).to.equal(c.is);
    });
  }

  it("accepts 10000 addresses and refuses one more, however it is spelled", () => {
    expect(expandPattern("10.0.[1:100].[1:100]:1")).to.have.length(10_000);
    for (const pattern of [
      "n[1:10001]:1",
      "[0:255].[0:255].[0:255].[0:255]:1",
      `n[0:${"9".repeat(400)}]:1`,
    ]) {
      expect(() => expandPattern(pattern)).to.throw(`more than 10000 addresses: ${pattern}`);
    }
  });
});
