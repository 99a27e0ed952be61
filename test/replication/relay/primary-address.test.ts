import { expect } from "chai";
import { parsePrimary } from "../../../src/replication/relay/primary-address.ts";

describe("replication/relay/primary-address", () => {
  // prettier-ignore
  const cases = [
    { text: "10.0.0.5:3376",        is: { host: "10.0.0.5", port: 3376 } },
    { text: "tcp://10.0.0.5:3376",  is: { host: "10.0.0.5", port: 3376 } },
    { text: "m1.example.com:2375",  is: { host: "m1.example.com", port: 2375 } },
    { text: "[fd00::5]:2375",       is: { host: "fd00::5", port: 2375 } },
    { text: "[fe80::5%eth0]:2375",  is: { host: "fe80::5%eth0", port: 2375 } },
    { text: "fd00::5:2375",         is: undefined },
    { text: "10.0.0.5",             is: undefined },
    { text: ":2375",                is: undefined },
    { text: "10.0.0.5:0",           is: undefined },
    { text: "10.0.0.5:65536",       is: undefined },
    { text: "10.0.0.5:2375/x",      is: undefined },
    { text: "a b:2375",             is: undefined },
    { text: "a\r\nb:2375",          is: undefined },
    { text: `${"a".repeat(300)}:1`, is: undefined },
    { text: "",                     is: undefined },
  ];
  for (const { text, is } of cases) {
    it(`reads ${JSON.stringify(text.slice(0, 30))} as ${is === undefined ? "no address" : `${is.host}, ${is.port}`}`, () => {
      expect(parsePrimary(text)).to.deep.equal(is);
    });
  }
});
