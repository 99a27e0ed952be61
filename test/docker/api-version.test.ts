import { expect } from "chai";
import {
  clampVersion,
  clusterApiRange,
  compareVersions,
  splitVersion,
  versionRefusal,
} from "../../src/docker/api-version.ts";

describe("docker/api-version", () => {
  // prettier-ignore
  const ordered = [
    { a: "1.9",  b: "1.10", sign: -1 },
    { a: "1.41", b: "1.41", sign: 0 },
    { a: "2.0",  b: "1.99", sign: 1 },
    { a: "1",    b: "1.0",  sign: 0 },
  ];
  for (const { a, b, sign } of ordered) {
    it(`compares ${a} with ${b}`, () => expect(Math.sign(compareVersions(a, b))).to.equal(sign));
  }

  // prettier-ignore
  const paths = [
    { path: "/v1.41/containers/json",   version: "1.41",    rest: "/containers/json" },
    { path: "/v1.99/_ping",             version: "1.99",    rest: "/_ping" },
    { path: "/v1x40/info",              version: undefined, rest: "/info" },
    { path: "/v140/info",               version: undefined, rest: "/info" },
    { path: "/info",                    version: undefined, rest: "/info" },
    { path: "/v1.41",                   version: undefined, rest: "/v1.41" },
    { path: "/version",                 version: undefined, rest: "/version" },
    { path: "/volumes/v1.2/x",          version: undefined, rest: "/volumes/v1.2/x" },
    { path: "/v1.41/volumes/v1.2/x",    version: "1.41",    rest: "/volumes/v1.2/x" },
    { path: "/v1..41/info",             version: undefined, rest: "/v1..41/info" },
  ];
  for (const { path, version, rest } of paths) {
    it(`splits ${path}`, () => expect(splitVersion(path)).to.deep.equal({ version, path: rest }));
  }

  const v20 = { min: "1.12", max: "1.41" };
  const v28 = { min: "1.24", max: "1.51" };
  const v29 = { min: "1.44", max: "1.52" };
  // prettier-ignore
  const clusters = [
    { it: "advertises its own range without engines",           engines: [],          min: "1.24", max: "1.51", disjoint: false },
    { it: "advertises the lowest maximum",                      engines: [v20, v28],  min: "1.24", max: "1.41", disjoint: false },
    { it: "advertises the highest minimum, capped at its own maximum", engines: [v28, v29], min: "1.44", max: "1.51", disjoint: false },
    { it: "advertises the lower maximum when nothing suits all", engines: [v29, v20], min: "1.24", max: "1.41", disjoint: true },
  ];
  for (const { it: title, engines, ...range } of clusters) {
    it(title, () => expect(clusterApiRange(engines)).to.deep.equal(range));
  }

  // prettier-ignore
  const clamps = [
    { client: "1.41",    engine: v28, is: "1.41" },
    { client: "1.51",    engine: v20, is: "1.41" },
    { client: "1.30",    engine: v29, is: "1.44" },
    { client: undefined, engine: v28, is: "1.45" },
    { client: undefined, engine: v20, is: "1.41" },
  ];
  for (const { client, engine, is } of clamps) {
    it(`speaks ${is} to an engine of ${engine.min}–${engine.max} for a client of ${client ?? "no version"}`, () => {
      expect(clampVersion(client, engine, "1.45")).to.equal(is);
    });
  }

  it("refuses clients that are too old, and too new ones only when strict", () => {
    const range = { min: "1.24", max: "1.41" };
    expect(versionRefusal("1.23", range)).to.equal(
      "client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version",
    );
    expect(versionRefusal("1.99", range)).to.equal(undefined);
    expect(versionRefusal("1.99", range, { strict: true })).to.equal(
      "client version 1.99 is too new. Maximum supported API version is 1.41",
    );
    expect(versionRefusal("1.41", range, { strict: true })).to.equal(undefined);
    expect(versionRefusal(undefined, range, { strict: true })).to.equal(undefined);
  });
});
