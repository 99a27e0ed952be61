import { expect } from "chai";
import { inspectEntry } from "../../../src/api/views/inspect.ts";
import { node } from "./builders.ts";

const engine = node({
  ip: "10.0.0.7",
  memoryBytes: 25_276_514_304,
  totalMemoryBytes: 1,
  totalCpus: 9,
  labels: new Map([["storage", "ssd"]]),
});

describe("api/views/inspect", () => {
  it("puts the node between LogPath and Name, with the machine's real size", () => {
    const entry = inspectEntry({ Id: "x", LogPath: "/l", Name: "/c1", Newer: 1 }, engine);
    expect(JSON.stringify(entry)).to.equal(
      '{"Id":"x","LogPath":"/l","Node":{"ID":"J6AP|127.0.0.1:5501","IP":"10.0.0.7","Addr":"127.0.0.1:5501",' +
        '"Name":"node-1","Cpus":2,"Memory":25276514304,"Labels":{"storage":"ssd"}},"Name":"/c1","Newer":1}',
    );
  });

  it("adds the node even where there is no name", () => {
    expect(Object.keys(inspectEntry({ Id: "x" }, engine))).to.deep.equal(["Id", "Node"]);
  });

  it("replaces a node the engine itself reports", () => {
    const entry = inspectEntry({ Node: { Name: "other" }, Name: "/c1" }, engine);
    expect(entry).to.deep.nested.include({ "Node.Name": "node-1" });
    expect(Object.keys(entry)).to.deep.equal(["Node", "Name"]);
    expect(inspectEntry({ Name: "/c1", Node: { Name: "other" } }, engine)).to.deep.nested.include({
      "Node.Name": "node-1",
    });
  });

  it("gives the engine's address for every address, and leaves the rest of the network settings", () => {
    const NetworkSettings = {
      Bridge: "",
      Ports: {
        "80/tcp": [
          { HostIp: "0.0.0.0", HostPort: "8080" },
          { HostIp: "::", HostPort: "8080" },
          { HostIp: "", HostPort: "8081" },
          { HostIp: "192.168.1.1", HostPort: "8082" },
        ],
        "53/udp": null,
      },
      Networks: { bridge: {} },
    };
    expect(inspectEntry({ Name: "/c1", NetworkSettings }, engine).NetworkSettings).to.deep.equal({
      Bridge: "",
      Ports: {
        "80/tcp": [
          { HostIp: "10.0.0.7", HostPort: "8080" }, // of IPv4 and IPv6 alike
          { HostIp: "10.0.0.7", HostPort: "8081" },
          { HostIp: "192.168.1.1", HostPort: "8082" },
        ],
        "53/udp": null,
      },
      Networks: { bridge: {} },
    });
    expect(NetworkSettings.Ports["80/tcp"][0]?.HostIp).to.equal("0.0.0.0");
  });

  it("survives an engine without ports or network settings", () => {
    expect(inspectEntry({ Name: "/c", NetworkSettings: null }, engine).NetworkSettings).to.equal(null);
    expect(
      inspectEntry({ Name: "/c", NetworkSettings: { Ports: null } }, engine).NetworkSettings,
    ).to.deep.equal({
      Ports: null,
    });
  });
});
