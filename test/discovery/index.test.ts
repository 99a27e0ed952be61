import { expect } from "chai";
import { createDiscovery } from "../../discovery/index.ts";

const open = (uri: string) => createDiscovery(uri, { heartbeatMs: 60_000, options: {} });

describe("discovery/index", () => {
  // prettier-ignore
  const known = [
    { uri: "a:1,b:2",           description: "nodes://a:1,b:2" },
    { uri: "nodes://a:1",       description: "nodes://a:1" },
    { uri: "file:///etc/nodes", description: "file:///etc/nodes" },
    { uri: "file://nodes",      description: "file://nodes" },
  ];
  for (const c of known) {
    it(`opens ${c.uri}`, () => {
      expect(open(c.uri).description).to.equal(c.description);
    });
  }

  // prettier-ignore
  const refused = [
    { uri: "tcp://1.2.3.4:5",     error: "discovery service not supported" },
    { uri: "NODES://a:1",         error: "discovery service not supported" },
    { uri: "://a:1",              error: "discovery service not supported" },
    { uri: "toString://a:1",      error: "discovery service not supported" },
    { uri: "token://abc",         error: "discovery service not available yet: token://" },
    { uri: "consul://h:1/p",      error: "discovery service not available yet: consul://" },
    { uri: "etcd://h:1/p",        error: "discovery service not available yet: etcd://" },
    { uri: "zk://h:1/p",          error: "discovery service not available yet: zk://" },
    { uri: "file://",             error: "file:// needs the path of a file" },
  ];
  for (const c of refused) {
    it(`refuses ${c.uri}: ${c.error}`, () => {
      expect(() => open(c.uri)).to.throw(c.error);
    });
  }
});
