import { expect } from "chai";
import { parseAddress } from "../../discovery/address.ts";

describe("discovery/address", () => {
  // prettier-ignore
  const good = [
    { it: "a name",           text: "node-1.example_x:2375", host: "node-1.example_x", port: 2375 },
    { it: "an IPv4 address",  text: "10.0.0.1:1",            host: "10.0.0.1",         port: 1 },
    { it: "an IPv6 address",  text: "[fd00::1]:65535",       host: "fd00::1",          port: 65535 },
    { it: "a link-local one", text: "[fe80::1%eth0]:2375",   host: "fe80::1%eth0",     port: 2375 },
    { it: "no host: this machine", text: ":2375",            host: "127.0.0.1",        port: 2375 },
  ];
  for (const c of good) {
    it(`reads ${c.it}`, () => {
      expect(parseAddress(c.text)).to.deep.equal({ host: c.host, port: c.port, address: c.text });
    });
  }

  // prettier-ignore
  const bad = [
    { text: "",                error: "missing port in address" },
    { text: "10.0.0.1",        error: "address 10.0.0.1: missing port in address" },
    { text: "::1:2375",        error: "address ::1:2375: too many colons in address" },
    { text: "a:1:2",           error: "address a:1:2: too many colons in address" },
    { text: "[::1]",           error: "address [::1]: missing port in address" },
    { text: "[::1:2375",       error: "address [::1:2375: missing ']' in address" },
    { text: "[::1]x:1",        error: "address [::1]x:1: missing port in address" },
    { text: "[::1]:1:2",       error: "address [::1]:1:2: too many colons in address" },
    { text: "a[b:1",           error: "address a[b:1: unexpected '[' in address" },
    { text: "a]b:1",           error: "address a]b:1: unexpected ']' in address" },
    { text: "a:",              error: "address a:: the port must be a number from 1 to 65535" },
    { text: "a:0",             error: "address a:0: the port must be a number from 1 to 65535" },
    { text: "a:65536",         error: "address a:65536: the port must be a number from 1 to 65535" },
    { text: "a:http",          error: "address a:http: the port must be a number from 1 to 65535" },
    { text: "user@a:1",        error: "address user@a:1: invalid character in host" },
    { text: "a b:1",           error: "address a b:1: invalid character in host" },
  ];
  for (const c of bad) {
    it(`refuses ${JSON.stringify(c.text)}`, () => {
      expect(() => parseAddress(c.text))
        .to.throw(c.error)
        .with.property("message", c.error);
    });
  }
});
