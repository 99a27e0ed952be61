import { expect } from "chai";
import { hasSameReferences, takesTheSame, withListed, withState } from "../../src/cluster/changed-record.ts";
import { containerRecord, type ContainerRecord } from "../../src/cluster/container-record.ts";
import type { ContainerSummary } from "../../src/docker/types.ts";
import { fakeEngine, hex, inspected, record, summarised } from "./builders.ts";

const bindings = { "80/tcp": [{ HostPort: "8080" }] };
const web = record({
  ...{ swarmId: hex("5"), formerIds: [hex("7")], labels: { tier: "front" } },
  host: { Memory: 64, PortBindings: bindings },
  ports: { "81/tcp": [{ HostIp: "0.0.0.0", HostPort: "32768" }] },
});
const entry = (change: Partial<ContainerSummary> = {}): ContainerSummary => ({
  ...structuredClone(web.summary),
  Labels: structuredClone(web.inspect.Config.Labels ?? null),
  Ports: [{ IP: "0.0.0.0", PrivatePort: 81, PublicPort: 32_768, Type: "tcp" }],
  ...change,
});
const ports = ({ usedPorts }: ContainerRecord): string[] => usedPorts.map(({ hostPort }) => hostPort);
/** The same container, made from what the changed one says. */
const anew = ({ engine, summary, inspect }: ContainerRecord): ContainerRecord =>
  containerRecord(engine, summary, inspect, { engineCpus: 4, countMemoryReservation: false, told: true });

describe("cluster/changed-record", () => {
  it("knows a container in another state, without its ports when it has ended", () => {
    const paused = withState(web, { ...web.inspect.State, Status: "paused", Paused: true });
    expect([paused.summary.State, paused.inspect.State.Paused, paused.told]).to.deep.equal([
      "paused",
      true,
      true,
    ]);
    expect(ports(paused)).to.deep.equal(["8080", "32768"]);
    expect(paused).to.deep.equal(anew(paused));
    const ended = withState(web, { ...web.inspect.State, Status: "exited", Running: false });
    expect([ports(ended), ended.summary.Ports]).to.deep.equal([["8080"], []]);
    expect(ended).to.deep.equal(anew(ended));
    expect(web.inspect.State.Status).to.equal("running");
  });

  it("keeps the very lists that stay the same, so that nobody looks at them again", () => {
    const ended = withState(web, { ...web.inspect.State, Running: false });
    const again = withState(ended, { ...web.inspect.State, Running: false, ExitCode: 3 });
    for (const [one, other] of [
      [ended, again],
      [web, withState(web, web.inspect.State)],
    ] as const)
      expect([hasSameReferences(one, other), takesTheSame(one, other)]).to.deep.equal([true, true]);
    expect(takesTheSame(web, ended)).to.equal(false);
  });

  it("keeps the list of ports used where a container gets just those it asks for", () => {
    const asked = record({ host: { PortBindings: { "80/tcp": [{ HostIp: "::", HostPort: "80" }] } } });
    const Ports = [{ IP: "::", PrivatePort: 80, PublicPort: 80, Type: "tcp" }];
    const listed = withListed(asked, { ...asked.summary, Ports });
    expect(listed?.inspect.NetworkSettings?.Ports).to.have.all.keys("80/tcp");
    expect(listed?.usedPorts).to.equal(asked.usedPorts);
  });

  it("takes from the list what events do not tell", () => {
    const networks = { Networks: { bridge: { NetworkID: "n" } } };
    const ended = withState({ ...web, inspect: { ...web.inspect, Image: "" } }, web.inspect.State);
    const listed = withListed(ended, entry({ ImageID: "sha256:2", NetworkSettings: networks, Ports: [] }));
    expect([listed?.inspect.Image, listed?.summary.NetworkSettings]).to.deep.equal(["sha256:2", networks]);
    expect(listed && ports(listed)).to.deep.equal(["8080"]);
    expect(listed).to.deep.equal(listed && anew(listed));
  });

  it("makes nothing new of an entry that says nothing new but the time", () => {
    const known = withListed(web, entry());
    expect(known).to.not.equal(web);
    if (known === undefined) throw new Error("no record");
    expect(withListed(known, entry({ Status: "Up 2 hours" }))).to.equal(known);
    expect(withListed(known, entry({ Status: "Up 2 hours (healthy)" }))).to.not.equal(known);
    expect(withListed(known, entry({ Command: "sh" }))?.summary.Command).to.equal("sh");
  });

  it("shares what an entry says again", () => {
    const networks = { Networks: { bridge: { NetworkID: "n" } } };
    const known = withListed(web, entry({ NetworkSettings: networks }));
    const next =
      known && withListed(known, entry({ NetworkSettings: structuredClone(networks), Command: "sh" }));
    expect(next?.summary.NetworkSettings).to.equal(networks);
    expect(next?.summary.Labels).to.equal(web.labels);
    expect(next?.usedPorts).to.equal(known?.usedPorts);
  });

  // prettier-ignore
  const others = [
    { it: "another name",   entry: entry({ Names: ["/db"] }) },
    { it: "an alias",       entry: entry({ Names: ["/web", "/db/link"] }) },
    { it: "another label",  entry: entry({ Labels: { ...web.labels, tier: "back" } }) },
    { it: "no labels",      entry: entry({ Labels: {} }) },
  ];
  for (const { it: what, entry: listed } of others) {
    it(`leaves an entry with ${what} to be read as a whole`, () =>
      expect(withListed(web, listed)).to.equal(undefined));
  }

  // prettier-ignore
  const references = [
    { it: "ID",         parts: { id: hex("b") } },
    { it: "name",       parts: { names: ["db"] } },
    { it: "alias",      parts: { names: ["web", "db/link"] } },
    { it: "swarm ID",   parts: { swarmId: hex("6") } },
    { it: "former ID",  parts: { formerIds: [hex("8")] } },
    { it: "label",      parts: { labels: { tier: "back" } } },
    { it: "engine",     parts: { engine: fakeEngine("node-2") } },
  ];
  for (const { it: what, parts } of references) {
    it(`sees another ${what}`, () => {
      const before = { swarmId: hex("5"), formerIds: [hex("7")], labels: { tier: "front" } };
      expect(hasSameReferences(record(before), record(before))).to.equal(true);
      expect(hasSameReferences(record(before), record({ ...before, ...parts }))).to.equal(false);
    });
  }

  it("keeps once what list and inspection say alike", () => {
    const parts = { labels: { tier: "front" } };
    const summary = { ...summarised(parts), ImageID: "sha256:1", Labels: { tier: "front" } };
    const options = { engineCpus: 1, countMemoryReservation: false };
    const made = containerRecord(fakeEngine(), summary, inspected(parts), options);
    expect(made.labels).to.equal(summary.Labels);
    const other = containerRecord(
      fakeEngine(),
      { ...summary, Labels: { tier: "" } },
      inspected(parts),
      options,
    );
    expect(other.labels).to.deep.equal({ tier: "front" });
  });
});
