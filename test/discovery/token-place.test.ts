import { expect } from "chai";
import { isLoopback, maskToken, parseService, parseTokenPlace } from "../../discovery/token-place.ts";

describe("discovery/token-place", () => {
  // prettier-ignore
  const places = [
    { place: "ABC",                          service: "https://hub:1/v1",  base: "https://hub:1/v1",             token: "ABC", plain: false },
    { place: "ABC",                          service: "https://hub:1/v1/", base: "https://hub:1/v1",             token: "ABC", plain: false },
    { place: "ABC",                          service: "http://[::1]:1",    base: "http://[::1]:1/",              token: "ABC", plain: false },
    { place: "hub.example:8443/v1/ABC",      service: "",                  base: "https://hub.example:8443/v1",  token: "ABC", plain: false },
    { place: "hub.example:8443/v1/ABC",      service: "https://hub:1/v1",  base: "https://hub.example:8443/v1",  token: "ABC", plain: false },
    { place: "custom/path/tok",              service: "",                  base: "https://custom/path",          token: "tok", plain: false },
    { place: "hub/tok",                      service: "",                  base: "https://hub/",                 token: "tok", plain: false },
    { place: "[fd00::1]:2385/tok",           service: "",                  base: "https://[fd00::1]:2385/",      token: "tok", plain: false },
    { place: "127.0.0.1:2385/tok",           service: "",                  base: "https://127.0.0.1:2385/",      token: "tok", plain: true },
    { place: "localhost:2385/v1/tok",        service: "",                  base: "https://localhost:2385/v1",    token: "tok", plain: true },
    { place: "[::1]:2385/tok",               service: "",                  base: "https://[::1]:2385/",          token: "tok", plain: true },
  ];
  for (const c of places) {
    it(`reads token://${c.place}${c.service === "" ? "" : ` with the service ${c.service}`}`, () => {
      const { base, token, mayBePlain } = parseTokenPlace(c.place, c.service);
      expect([base.href, token, mayBePlain]).to.deep.equal([c.base, c.token, c.plain]);
    });
  }

  // prettier-ignore
  const refused = [
    { place: "",               says: "token is empty" },
    { place: "hub/",           says: "token is empty" },
    { place: "hub/a?b",        says: "may have only letters, digits and -._~" },
    { place: "hub/..",         says: "may have only letters, digits and -._~" },
    { place: `hub/${"a".repeat(129)}`, says: "128 at most" },
    { place: "/tok",           says: 'token:// needs an address such as https://host:2385, not "https://"' },
    { place: "//tok",          says: "token:// needs an address" },
    { place: "a b/tok",        says: "token:// needs an address" },
    { place: "hub:99999/tok",  says: "token:// needs an address" },
    { place: "me:pw@hub/tok",  says: "token:// takes no user, password, query or fragment" },
    { place: "hub?x=/tok",     says: "token:// takes no user, password, query or fragment" },
    { place: "hub#x/tok",      says: "token:// takes no user, password, query or fragment" },
  ];
  for (const c of refused) {
    it(`refuses token://${c.place.slice(0, 20)}: ${c.says}`, () => {
      expect(() => parseTokenPlace(c.place, "https://hub")).to.throw(c.says);
    });
  }

  it("says how to name a service when none is known", () => {
    expect(() => parseTokenPlace("ABC", "")).to.throw(
      /switched off in June 2019.*swarm discovery-service.*token\.service=URL.*\$SWARM_DISCOVERY_SERVICE/,
    );
  });

  // prettier-ignore
  const services = [
    { text: "http://hub:1",        says: "the token service http://hub:1 must be https://" },
    { text: "http://127.0.0.1.x",  says: "must be https://" },
    { text: "http://10.0.0.1:1",   says: "must be https://" },
    { text: "hub:1",               says: 'the token service needs an address such as https://host:2385, not "hub:1"' },
    { text: "ftp://hub",           says: "the token service needs an address" },
    { text: "https://u:p@hub",     says: "the token service takes no user" },
    { text: "https:///x",          says: "the token service needs an address" },
  ];
  for (const c of services) {
    it(`refuses the service ${c.text}: ${c.says}`, () => {
      expect(() => parseService(c.text)).to.throw(c.says);
    });
  }

  it("takes plain http for this machine", () => {
    for (const host of ["127.0.0.1:1", "127.9.9.9", "localhost:1", "[::1]:1"]) {
      expect(parseService(`http://${host}/v1`).href).to.equal(`http://${host}/v1`);
    }
    for (const host of ["0.0.0.0", "127.0.0.1.example", "localhost.example", "[::2]"]) {
      expect(isLoopback(host), host).to.equal(false);
    }
  });

  it("shows little of a token", () => {
    expect(maskToken("0123456789abcdef")).to.equal("012345…");
  });
});
