import { expect } from "chai";
import type { ContainerCreateBody, Unknown } from "../../../src/docker/types.ts";
import { newBody } from "../../../src/reschedule/moves/new-body.ts";
import type { WantedContainer } from "../../../src/reschedule/wanted/wanted.ts";

const OLD = "ab12".repeat(16);
const OLDER = "cd34".repeat(16);
const GONE = "ef56".repeat(16);

function wanted(body: ContainerCreateBody, networks?: Readonly<Record<string, Unknown>>): WantedContainer {
  return {
    ...{
      swarmId: "5".repeat(64),
      name: "web",
      policy: "on-node-failure",
      run: "running",
      formerIds: [OLDER],
    },
    last: { containerId: OLD, engineId: "E1", addr: "10.0.0.1:2375", node: "node-1" },
    create: { body, query: "name=web", apiVersion: "1.41" },
    ...{ networks, localNetworks: [], updatedMs: 0 },
  };
}

const made = (body: ContainerCreateBody, networks?: Readonly<Record<string, Unknown>>, lost: string[] = []) =>
  newBody(wanted(body, networks), { addressesLost: new Set(lost), resolves: (id) => id !== GONE });

describe("reschedule/moves/new-body", () => {
  it("keeps what it does not know, and says where the copy comes from", () => {
    const body = {
      Image: "busybox",
      StopTimeout: 3,
      Labels: { a: "1" },
      HostConfig: { Memory: 5, Future: [1] },
    };
    expect(made(body)).to.deep.equal({
      ...body,
      Labels: { a: "1", "com.docker.swarm.rescheduled-from": OLD },
    });
  });

  // prettier-ignore
  const hostnames = [
    { it: "drops the old short ID",            given: OLD.slice(0, 12),   kept: undefined },
    { it: "drops an older short ID",           given: OLDER.slice(0, 12), kept: undefined },
    { it: "keeps a name",                      given: "web",              kept: "web" },
    { it: "keeps what only begins like an ID", given: OLD.slice(0, 11),   kept: OLD.slice(0, 11) },
  ];
  for (const { it: title, given, kept } of hostnames) {
    it(`hostname: ${title}`, () => {
      expect(made({ Hostname: given }).Hostname).to.equal(kept);
    });
  }

  it("drops MAC addresses", () => {
    const body = made({ MacAddress: "02:42:00:00:00:01" }, { n: { MacAddress: "02:42:00:00:00:02" } });
    expect(body).to.not.have.property("MacAddress");
    expect(body.NetworkingConfig?.EndpointsConfig).to.deep.equal({ n: {} });
  });

  it("takes the networks it was in last, without the alias made of an old ID", () => {
    const networks = {
      n: { Aliases: ["web", OLD.slice(0, 12), OLDER.slice(0, 12)], DriverOpts: { a: "b" } },
    };
    const body = made({ NetworkingConfig: { EndpointsConfig: { left: {} } } }, networks);
    expect(body.NetworkingConfig?.EndpointsConfig).to.deep.equal({
      n: { Aliases: ["web"], DriverOpts: { a: "b" } },
    });
  });

  it("keeps fixed addresses, but not where the old endpoint may still have them", () => {
    const IPAMConfig = { IPv4Address: "10.0.0.9" };
    const body = made({}, { a: { IPAMConfig }, b: { IPAMConfig } }, ["b"]);
    expect(body.NetworkingConfig?.EndpointsConfig).to.deep.equal({ a: { IPAMConfig }, b: {} });
  });

  // prettier-ignore
  const modes = [
    { it: "the bridge stays",                              mode: "default",     networks: { a: {} },        becomes: "default" },
    { it: "nothing said stays nothing",                    mode: "",            networks: {},               becomes: "" },
    { it: "the host's stays",                              mode: "host",        networks: {},               becomes: "host" },
    { it: "a container's stays",                           mode: "container:x", networks: {},               becomes: "container:x" },
    { it: "its own stays",                                 mode: "a",           networks: { b: {}, a: {} }, becomes: "a" },
    { it: "its own loses the node it was called by",       mode: "node-1/a",    networks: { b: {}, a: {} }, becomes: "a" },
    { it: "one it has left gives way to one it is in",     mode: "a",           networks: { b: {} },        becomes: "b" },
    { it: "one it has left, being in none, becomes none",  mode: "a",           networks: {},               becomes: "none" },
    { it: "its own stays when the others are not known",   mode: "a",           networks: undefined,        becomes: "a" },
  ];
  for (const { it: title, mode, networks, becomes } of modes) {
    it(`network mode: ${title}`, () => {
      expect(made({ HostConfig: { NetworkMode: mode } }, networks).HostConfig?.NetworkMode).to.equal(becomes);
    });
  }

  it("is made in the network of its create body's endpoint when that named no mode", () => {
    const body = made({ NetworkingConfig: { EndpointsConfig: { a: {} } } }, { b: {}, a: {} });
    expect(body.HostConfig?.NetworkMode).to.equal("a");
  });

  // prettier-ignore
  const links = [
    { it: "keeps what a client wrote",        link: "db:sql",                becomes: ["db:sql"] },
    { it: "turns what engines show around",   link: "/db:/web/sql",          becomes: ["db:sql"] },
    { it: "keeps an ID that means something", link: `${OLDER}:sql`,          becomes: [`${OLDER}:sql`] },
    { it: "drops one to an ID that is gone",  link: `${GONE}:sql`,           becomes: [] },
    { it: "keeps one without alias",          link: "db",                    becomes: ["db"] },
  ];
  for (const { it: title, link, becomes } of links) {
    it(`links: ${title}`, () => {
      expect(made({ HostConfig: { Links: [link] } }).HostConfig?.Links).to.deep.equal(becomes);
      expect(made({}, { n: { Links: [link] } }).NetworkingConfig?.EndpointsConfig).to.deep.equal({
        n: becomes.length === 0 ? {} : { Links: becomes },
      });
    });
  }
});
