import { expect } from "chai";
import {
  containerEntry,
  entriesOf,
  imageEntry,
  networkEntry,
  volumeEntry,
} from "../../src/docker/list-entries.ts";

describe("docker/list-entries", () => {
  it("passes proper entries on as they are", () => {
    const image = {
      Id: "sha256:1",
      RepoTags: ["a:1"],
      RepoDigests: null,
      Created: 1,
      Size: 2,
      Labels: { a: "b" },
      X: 1,
    };
    expect(imageEntry(image)).to.equal(image);
    const network = { Id: "1", Name: "net", Scope: "swarm", Driver: "overlay", Labels: null, IPAM: {} };
    expect(networkEntry(network)).to.equal(network);
    const volume = { Name: "data", Driver: "local", Labels: null, Status: {} };
    expect(volumeEntry(volume)).to.equal(volume);
    const container = {
      ...{
        Id: "1",
        Names: ["/a"],
        Image: "a",
        ImageID: "sha256:1",
        State: "running",
        Status: "Up",
        Created: 1,
      },
      ...{ Ports: [], Mounts: [{ Type: "volume" }], Labels: {}, NetworkSettings: { Networks: { a: {} } } },
    };
    expect(containerEntry(container)).to.equal(container);
  });

  it("leaves out what does not say what it is, and whatever is no list", () => {
    const nameless = [null, 5, "x", [], {}, { Id: 5 }, { Id: "" }, { Id: "1" }, { Id: "1", Name: null }];
    expect(entriesOf(nameless, networkEntry)).to.deep.equal([]);
    for (const list of [null, undefined, 5, "ab", {}]) expect(entriesOf(list, imageEntry)).to.deep.equal([]);
  });

  it("empties parts of the wrong type", () => {
    expect(imageEntry({ Id: "1", RepoTags: "a:1", RepoDigests: [null, "a@b", 5], Labels: 5 })).to.deep.equal({
      ...{ Id: "1", RepoTags: null, RepoDigests: ["a@b"], Created: 0, Size: 0, Labels: null },
    });
    expect(networkEntry({ Id: "1", Name: "a", Scope: 7, Labels: ["a"] })).to.deep.equal({
      ...{ Id: "1", Name: "a", Scope: "local", Driver: "", Labels: null },
    });
    expect(volumeEntry({ Name: "a", Labels: "x" })).to.deep.equal({
      Name: "a",
      Driver: "local",
      Labels: null,
    });
    const odd = {
      Id: "1",
      Names: 5,
      Ports: [null, {}],
      Mounts: {},
      NetworkSettings: { Networks: { a: null, b: {} } },
    };
    expect(containerEntry(odd)).to.deep.include({
      ...{ Names: null, Image: "", Status: "", Created: 0, Ports: [{}], Mounts: null },
      NetworkSettings: { Networks: { b: {} } },
    });
    expect(containerEntry({ Id: "1", NetworkSettings: 5 })?.NetworkSettings).to.equal(null);
    expect(containerEntry({ Id: "1", NetworkSettings: { Networks: 5 } })?.NetworkSettings).to.deep.equal({
      Networks: null,
    });
  });
});
