import { expect } from "chai";
import { parseStoreUrl } from "../../src/store/store-url.ts";

describe("store/store-url", () => {
  // prettier-ignore
  const good = [
    { url: "consul://10.0.0.5:8500/swarm",      is: { scheme: "consul", endpoints: ["10.0.0.5:8500"], prefix: "swarm" } },
    { url: "etcd://a:2379, b:2379/x/y/",        is: { scheme: "etcd", endpoints: ["a:2379", "b:2379"], prefix: "x/y" } },
    { url: "zk://[::1]:2181,[fe80::1]:2181",    is: { scheme: "zk", endpoints: ["[::1]:2181", "[fe80::1]:2181"], prefix: "" } },
    { url: "file:///var/lib/swarm",             is: { scheme: "file", directory: "/var/lib/swarm" } },
    { url: "file://state",                      is: { scheme: "file", directory: "state" } },
    { url: "memory://",                         is: { scheme: "memory" } },
  ];
  for (const { url, is } of good) {
    it(`reads ${url}`, () => expect(parseStoreUrl(url)).to.deep.equal(is));
  }

  // prettier-ignore
  const bad = [
    { url: "consul://",                  says: 'a server is host:port, not ""' },
    { url: "consul://host",              says: 'not "host"' },
    { url: "etcd://a:1,,b:2",            says: 'not ""' },
    { url: "etcd://a:70000",             says: 'not "a:70000"' },
    { url: "etcd://user:pw@a:1",         says: "a server is host:port" },
    { url: "etcd://user:p/w@a:1",        says: /^a server is host:port, without user and password: those are kv.user and kv.passwordfile$/ },
    { url: "zk://a:1?x=y",               says: "a server is host:port" },
    { url: "redis://a:1",                says: "no store is called" },
    { url: "10.0.0.1:2375",              says: "no store is called" },
    { url: "file://",                    says: "needs a directory" },
  ];
  for (const { url, says } of bad) {
    it(`refuses ${url}`, () => expect(() => parseStoreUrl(url)).to.throw(says));
  }
});
