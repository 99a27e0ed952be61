import { expect } from "chai";
import { changedByUpdate } from "../../../src/reschedule/wanted/changed-by-update.ts";
import { endpointsOf, localNetworksOf } from "../../../src/reschedule/wanted/endpoints.ts";
import { createFromInspect } from "../../../src/reschedule/wanted/from-inspect.ts";
import type { HostConfig } from "../../../src/docker/types.ts";
import { id } from "./builders.ts";
import { inspect } from "./inspect.ts";

const engine = { cpus: 2, name: "node-1" };
const bodyOf = (...given: Parameters<typeof inspect>) => createFromInspect(inspect(...given), engine).body;

describe("reschedule/wanted/from-inspect", () => {
  it("keeps what its user asked for, under its present name", () => {
    const config = { Env: ["A=b"], User: "7", Labels: { app: "shop" } };
    const host = { Memory: 64, Binds: ["data:/data"], RestartPolicy: { Name: "always" } };
    const { body, query } = createFromInspect(inspect({ config, host }), engine);
    expect(body).to.deep.include({ Image: "busybox", Cmd: ["sh"], ...config });
    expect(body.HostConfig).to.deep.include(host);
    expect(query).to.equal("name=web");
  });

  it("drops a host name made of the old ID, and the host's own", () => {
    expect(bodyOf()).to.not.have.property("Hostname");
    expect(bodyOf({ config: { Hostname: "shop" } })).to.have.property("Hostname", "shop");
    const host = (mode: string) => bodyOf({ config: { Hostname: "node-1" }, host: { NetworkMode: mode } });
    expect(host("host")).to.not.have.property("Hostname");
    expect(host("container:db")).to.not.have.property("Hostname");
    expect(host("bridge")).to.have.property("Hostname", "node-1");
  });

  it("drops the MAC address, which most engines make up themselves", () => {
    expect(bodyOf({ config: { MacAddress: "02:42:ac:11:00:02" } })).to.not.have.property("MacAddress");
  });

  it("drops the labels that say which copy it is", () => {
    const ours = {
      "com.docker.swarm.id": id("a"),
      "com.docker.swarm.replaces": "{}",
      "com.docker.swarm.rescheduled-from": id("9"),
    };
    const kept = { "com.docker.swarm.constraints": '["node==a"]', app: "shop" };
    expect(bodyOf({ config: { Labels: { ...ours, ...kept } } }).Labels).to.deep.equal(kept);
  });

  it("turns shares of the engine back into CPUs of the cluster", () => {
    const cpus = (CpuShares: number) => bodyOf({ host: { CpuShares } }).HostConfig?.CpuShares;
    expect([cpus(1024), cpus(512), cpus(100), cpus(0)]).to.deep.equal([2, 1, undefined, undefined]);
  });

  it("keeps the places of anonymous volumes, not their names", () => {
    const name = id("c");
    const { HostConfig: host, Volumes } = bodyOf({
      config: { Volumes: { "/cache": {} } },
      host: {
        Binds: [`${name}:/data:rw`, "named:/n", "/srv:/s:ro"],
        Mounts: [
          { Type: "volume", Source: name, Target: "/m" },
          { Type: "volume", Source: "named", Target: "/o" },
        ],
      },
    });
    expect(Volumes).to.deep.equal({ "/cache": {}, "/data": {} });
    expect(host?.Binds).to.deep.equal(["named:/n", "/srv:/s:ro"]);
    expect(host?.Mounts).to.deep.equal([
      { Type: "volume", Target: "/m" },
      { Type: "volume", Source: "named", Target: "/o" },
    ]);
  });

  it("writes links as they are given", () => {
    expect(bodyOf({ host: { Links: ["/redis:/web/db"] } }).HostConfig?.Links).to.deep.equal(["redis:db"]);
  });

  it("puts it into its first network, with what its user chose there", () => {
    const networks = { back: { Aliases: ["db", id("1").slice(0, 12)], IPAddress: "172.18.0.2" } };
    expect(bodyOf({ host: { NetworkMode: "back" }, networks }).NetworkingConfig).to.deep.equal({
      EndpointsConfig: { back: { Aliases: ["db"] } },
    });
    expect(bodyOf({ networks: { bridge: {} } })).to.not.have.property("NetworkingConfig");
  });
});

describe("reschedule/wanted/endpoints", () => {
  it("keeps what its user chose and drops what its engine made up", () => {
    const chosen = {
      IPAMConfig: { IPv4Address: "10.1.0.9" },
      Aliases: ["db"],
      DriverOpts: { a: "b" },
      GwPriority: 2,
    };
    const made = {
      NetworkID: "n",
      EndpointID: "e",
      Gateway: "g",
      IPAddress: "i",
      MacAddress: "m",
      DNSNames: ["d"],
    };
    const back = { ...made, ...chosen, Links: null, Aliases: ["db", id("1").slice(0, 12), id("1")] };
    const empty = { ...made, IPAMConfig: {}, Aliases: null, DriverOpts: null, GwPriority: 0 };
    const networks = {
      back,
      front: empty,
      other: { ...made, IPAMConfig: { IPv4Address: "" } },
      bridge: made,
    };
    expect(endpointsOf(inspect({ networks }))).to.deep.equal({ back: chosen, front: {}, other: {} });
  });

  it("remembers networks only one engine has, as it defines them", () => {
    const network = (Name: string, Scope: string) => ({
      Id: Name,
      Name,
      Scope,
      Driver: "bridge",
      Options: {},
    });
    const listed = [
      { ...network("back", "local"), Containers: { x: {} }, Created: "2024" },
      network("wide", "swarm"),
      network("other", "local"),
      network("bridge", "local"),
    ];
    expect(localNetworksOf(["back", "wide", "bridge"], listed)).to.deep.equal([network("back", "local")]);
  });
});

describe("reschedule/wanted/changed-by-update", () => {
  const changed = (given: HostConfig, shown: HostConfig) =>
    changedByUpdate({ Image: "busybox", HostConfig: given }, inspect({ host: shown }), 2).HostConfig;

  it("takes over what docker update changes", () => {
    const given = { Memory: 64, CpuShares: 1, RestartPolicy: { Name: "always", MaximumRetryCount: 0 } };
    const shown = {
      Memory: 128,
      CpuShares: 1024,
      RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 },
      CpusetCpus: "0",
    };
    expect(changed(given, shown)).to.deep.equal({ ...shown, CpuShares: 2 });
  });

  it("takes no engine's way of saying nothing for a change", () => {
    const body = { Image: "busybox", HostConfig: { CpuShares: 1 } };
    const host = {
      CpuShares: 512,
      Memory: 0,
      CpusetCpus: "",
      PidsLimit: null,
      RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
    };
    expect(changedByUpdate(body, inspect({ host }), 2)).to.equal(body);
  });

  it("hears that a limit was taken away", () => {
    expect(changed({ NanoCpus: 5 }, { NanoCpus: 0 })).to.deep.include({ NanoCpus: 0 });
  });
});
