import { expect } from "chai";
import { kvError } from "../../discovery/kv-errors.ts";
import { StoreError } from "../../src/store/store-error.ts";

describe("discovery/kv-errors", () => {
  const down = new StoreError("unreachable", "s:1: refused");
  // prettier-ignore
  const cases = [
    { scheme: "etcd",   doing: "read",  cause: down,                             says: "client: etcd cluster is unavailable or misconfigured: s:1: refused" },
    { scheme: "etcd",   doing: "write", cause: down,                             says: "client: etcd cluster is unavailable or misconfigured: s:1: refused" },
    { scheme: "zk",     doing: "read",  cause: down,                             says: "zk: could not connect to a server: s:1: refused" },
    { scheme: "consul", doing: "read",  cause: down,                             says: "s:1: refused" },
    { scheme: "consul", doing: "write", cause: down,                             says: "cannot set or renew session for ttl, unable to operate on sessions: s:1: refused" },
    { scheme: "etcd",   doing: "read",  cause: new StoreError("auth", "s:1: who are you?"), says: "s:1: who are you?" },
    { scheme: "zk",     doing: "read",  cause: new Error("x"),                   says: "x" },
    { scheme: "consul", doing: "read",  cause: new StoreError("failed", "<html>\r\n\u001b[1m500</html>\n"), says: "<html> [1m500</html>" },
  ] as const;
  for (const { scheme, doing, cause, says } of cases) {
    it(`${scheme}, ${doing}: ${says}`, () => {
      const error = kvError(scheme, doing, cause);
      expect([error.message, error.cause]).to.deep.equal([says, cause]);
    });
  }

  it("cuts what a proxy may say", () => {
    expect(kvError("consul", "read", new Error("x".repeat(9999))).message).to.have.length(401);
  });
});
