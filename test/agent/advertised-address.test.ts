import { expect } from "chai";
import { addressCaution } from "../../src/agent/advertised-address.ts";

describe("agent/advertised-address", () => {
  // prettier-ignore
  const cases = [
    { host: "",                    caution: /their own machine/ },
    { host: "127.0.0.1",           caution: /127\.0\.0\.1 is their own machine/ },
    { host: "127.8.9.1",           caution: /own machine/ },
    { host: "::1",                 caution: /own machine/ },
    { host: "0:0:0:0:0:0:0:1",     caution: /own machine/ },
    { host: "::ffff:127.0.0.1",    caution: /own machine/ },
    { host: "LocalHost",           caution: /own machine/ },
    { host: "localhost.",          caution: /own machine/ },
    { host: "a.localhost",         caution: /own machine/ },
    { host: "0.0.0.0",             caution: /to listen on/ },
    { host: "::",                  caution: /to listen on/ },
    { host: "10.0.0.1",            caution: undefined },
    { host: "128.0.0.1",           caution: undefined },
    { host: "fd00::1",             caution: undefined },
    { host: "fe80::1%eth0",        caution: undefined },
    { host: "node-1",              caution: undefined },
    { host: "localhost.example",   caution: undefined },
  ];
  for (const { host, caution } of cases) {
    it(`${caution === undefined ? "finds nothing strange about" : "is cautious about"} "${host}"`, () => {
      if (caution === undefined) expect(addressCaution(host)).to.equal(undefined);
      else expect(addressCaution(host)).to.match(caution);
    });
  }
});
