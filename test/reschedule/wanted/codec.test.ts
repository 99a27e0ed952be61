import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { decodeWanted, encodeWanted } from "../../../src/reschedule/wanted/codec.ts";
import type { WantedContainer } from "../../../src/reschedule/wanted/wanted.ts";
import { maxValueBytes } from "../../../src/store/store.ts";
import { id, wanted } from "./builders.ts";

const network = { Id: id("e"), Name: "back", Scope: "local", Driver: "bridge", IPAM: { Config: [] } };
const full = (): WantedContainer =>
  wanted({
    run: "stopped",
    formerIds: [id("8"), id("9")],
    networks: { back: { Aliases: ["db"] } },
    localNetworks: [network],
  });

describe("reschedule/wanted/codec", () => {
  it("gives back what it was given", () => {
    for (const each of [wanted(), full(), wanted({ policy: "off", name: "" })]) {
      const text = encodeWanted(each) ?? "";
      expect(decodeWanted(each.swarmId, text)).to.deep.equal({ kind: "value", value: each });
    }
  });

  it("says its version first, and who it is in clear, also where the rest is compressed", () => {
    const body = { Image: "busybox", Labels: { long: "x".repeat(2 * maxValueBytes) } };
    const large = wanted({ create: { ...wanted().create, body } });
    const text = encodeWanted(large) ?? "";
    expect(text.length).to.be.below(8_192);
    expect(text).to.match(
      /^\{"v":1,"swarmId":"a{64}","name":"web","policy":"on-node-failure","run":"running"/,
    );
    expect(decodeWanted(large.swarmId, text)).to.deep.equal({ kind: "value", value: large });
  });

  it("refuses what is too large even when compressed", () => {
    const noise = randomBytes(maxValueBytes).toString("base64");
    const body = { Image: "busybox", Labels: { noise } };
    expect(encodeWanted(wanted({ create: { ...wanted().create, body } }))).to.equal(undefined);
  });

  it("lets nothing in that has no place: credentials last of all", () => {
    const secret = "c2VjcmV0LXJlZ2lzdHJ5LWF1dGg=";
    const create = { ...wanted().create, registryAuth: secret, headers: { "X-Registry-Auth": secret } };
    const last = { ...wanted().last, registryAuth: secret };
    const text = encodeWanted({ ...wanted({ create, last }), ...{ registryAuth: secret } });
    expect(text).to.not.include(secret);
    expect(text).to.include("busybox");
  });

  it("keeps the newest former IDs only", () => {
    const ids = Array.from({ length: 70 }, (_, n) => id(n.toString(16).padStart(2, "0")));
    const decoded = decodeWanted(id("a"), encodeWanted(wanted({ formerIds: ids })) ?? "");
    expect(decoded).to.have.nested.property("value.formerIds").that.deep.equals(ids.slice(-64));
  });

  it("leaves a later version to later programs, whatever else it holds", () => {
    expect(decodeWanted(id("a"), '{"v":2,"all":"new"}')).to.deep.equal({ kind: "newer", version: 2 });
  });

  const valid = JSON.parse(encodeWanted(full()) ?? "") as Record<string, unknown>;
  const detail = valid.detail as Record<string, unknown>;
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024)).toString("base64");
  // prettier-ignore
  const damages: readonly (readonly [what: string, text: string])[] = [
    ["no JSON",                        "{"],
    ["no object",                      "[1]"],
    ["no version",                     JSON.stringify({ ...valid, v: undefined })],
    ["a version there never was",      JSON.stringify({ ...valid, v: 0 })],
    ["another key's entry",            JSON.stringify({ ...valid, swarmId: id("b") })],
    ["a name that is a number",        JSON.stringify({ ...valid, name: 5 })],
    ["an unknown policy",              JSON.stringify({ ...valid, policy: "always" })],
    ["an unknown run state",           JSON.stringify({ ...valid, run: "paused" })],
    ["a place without a container",    JSON.stringify({ ...valid, last: { engineId: "x", addr: "y", node: "z" } })],
    ["former IDs that are none",       JSON.stringify({ ...valid, formerIds: ["../x"] })],
    ["no time",                        JSON.stringify({ ...valid, updatedMs: null })],
    ["no detail",                      JSON.stringify({ ...valid, detail: undefined })],
    ["a body that is a list",          JSON.stringify({ ...valid, detail: { ...detail, create: { body: [], query: "" } } })],
    ["a query that is an object",      JSON.stringify({ ...valid, detail: { ...detail, create: { body: {}, query: {} } } })],
    ["networks that are a text",       JSON.stringify({ ...valid, detail: { ...detail, networks: "x" } })],
    ["an endpoint that is a text",     JSON.stringify({ ...valid, detail: { ...detail, networks: { back: "x" } } })],
    ["a local network without a name", JSON.stringify({ ...valid, detail: { ...detail, localNetworks: [{ Id: "x" }] } })],
    ["a compressed part that is none", JSON.stringify({ ...valid, detail: undefined, gzip: "AAAA" })],
    ["a compressed part without end",  JSON.stringify({ ...valid, detail: undefined, gzip: bomb })],
    ["more than a store may hold",     `{"v":1,"x":"${"x".repeat(maxValueBytes)}"}`],
  ];
  for (const [what, text] of damages) {
    it(`refuses ${what}`, () => {
      expect(decodeWanted(id("a"), text)).to.have.property("kind", "damaged");
    });
  }
});
