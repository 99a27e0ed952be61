import { expect } from "chai";
import { createDiscovery } from "../../discovery/index.ts";

const open = (uri: string) => createDiscovery(uri, { heartbeatMs: 60_000, options: {}, env: {} });

describe("discovery/index", () => {
  // prettier-ignore
  const known = [
    { uri: "a:1,b:2",           description: "nodes://a:1,b:2" },
    { uri: "nodes://a:1",       description: "nodes://a:1" },
    { uri: "file:///etc/nodes", description: "file:///etc/nodes" },
    { uri: "file://nodes",      description: "file://nodes" },
    { uri: "consul://h:1,i:2/p", description: "consul://h:1,i:2/p" },
    { uri: "etcd://h:1,i:2/p/", description: "etcd://h:1,i:2/p" },
    { uri: "zk://[::1]:1",      description: "zk://[::1]:1" },
    { uri: "token://h:1/abcdefabcdefabcdefabcdefabcdefab", description: /^token:\/\/h:1\// },
  ];
  for (const c of known) {
    it(`opens ${c.uri}`, async () => {
      await using discovery = open(c.uri);
      if (typeof c.description === "string") expect(discovery.description).to.equal(c.description);
      else expect(discovery.description).to.match(c.description);
    });
  }

  // prettier-ignore
  const refused = [
    { uri: "tcp://1.2.3.4:5",     error: "discovery service not supported" },
    { uri: "NODES://a:1",         error: "discovery service not supported" },
    { uri: "://a:1",              error: "discovery service not supported" },
    { uri: "toString://a:1",      error: "discovery service not supported" },
    { uri: "token://",            error: "token is empty" },
    { uri: "consul://h/p",        error: 'consul://h/p: a server is host:port, not "h"' },
    { uri: "etcd://h:x/p",        error: 'etcd://h:x/p: a server is host:port, not "h:x"' },
    { uri: "zk:///p",             error: 'zk:///p: a server is host:port, not ""' },
    { uri: "file://",             error: "file:// needs the path of a file" },
  ];
  for (const c of refused) {
    it(`refuses ${c.uri}: ${c.error}`, () => {
      expect(() => open(c.uri)).to.throw(c.error);
    });
  }
});
