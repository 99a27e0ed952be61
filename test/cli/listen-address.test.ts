import { expect } from "chai";
import { parseListenAddress } from "../../src/cli/listen-address.ts";

describe("cli/listen-address", () => {
  // prettier-ignore
  const good = [
    { text: "tcp://127.0.0.1:2375", is: { proto: "tcp", host: "127.0.0.1", port: 2375, addr: "127.0.0.1:2375" } },
    { text: ":4000",                is: { proto: "tcp", host: "",          port: 4000, addr: ":4000" } },
    { text: "0.0.0.0:4000",         is: { proto: "tcp", host: "0.0.0.0",   port: 4000, addr: "0.0.0.0:4000" } },
    { text: "[::]:4000",            is: { proto: "tcp", host: "::",        port: 4000, addr: "[::]:4000" } },
    { text: "localhost:0",          is: { proto: "tcp", host: "localhost", port: 0,    addr: "localhost:0" } },
    { text: "unix:///run/s.sock",   is: { proto: "unix", path: "/run/s.sock", addr: "/run/s.sock" } },
    { text: "unix://s.sock",        is: { proto: "unix", path: "s.sock",   addr: "s.sock" } },
  ];
  for (const c of good) {
    it(`reads ${c.text}`, () => {
      expect(parseListenAddress(c.text, "linux")).to.deep.equal(c.is);
    });
  }

  // prettier-ignore
  const bad = [
    { text: "udp://:1",          error: 'unsupported protocol: "udp"' },
    { text: ":99999",            error: "listen tcp: address 99999: invalid port" },
    { text: "a:http",            error: "listen tcp: lookup tcp/http: unknown port" },
    { text: "4000",              error: "listen tcp: address 4000: missing port in address" },
    { text: "",                  error: "listen tcp: missing port in address" },
    { text: "::1:4000",          error: "listen tcp: address ::1:4000: too many colons in address" },
    { text: "unix://",           error: "listen unix: missing path of the socket" },
  ];
  for (const c of bad) {
    it(`refuses ${JSON.stringify(c.text)}`, () => {
      expect(() => parseListenAddress(c.text, "linux"))
        .to.throw()
        .with.property("message", c.error);
    });
  }

  it("refuses unix sockets on Windows", () => {
    const message = "Windows platform does not support a unix socket";
    expect(() => parseListenAddress("unix:///s", "win32")).to.throw(message);
  });
});
