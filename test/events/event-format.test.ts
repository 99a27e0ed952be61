import { expect } from "chai";
import { formatEvent, managerEvent } from "../../src/events/event-format.ts";
import type { SourceEvent } from "../../src/events/types.ts";
import { node2 } from "./fakes.ts";

const die: SourceEvent = {
  status: "die",
  id: "5cfc…",
  from: "busybox",
  Type: "container",
  Action: "die",
  Actor: {
    ID: "5cfc…",
    Attributes: { name: "evc", image: "busybox", exitCode: "3", "com.docker.swarm.id": "a4f2…" },
  },
  scope: "local",
  time: 1795241360,
  timeNano: 1795241360469703577n,
};

const text = (source: SourceEvent): string => formatEvent(source, node2).json;
const parsed = (source: SourceEvent): Record<string, unknown> =>
  JSON.parse(text(source)) as Record<string, unknown>;

describe("events/event-format", () => {
  it("formats a container event as the contract's sample", () => {
    expect(text(die)).to.equal(
      '{"status":"die","id":"5cfc…","from":"busybox node:node-2","Type":"container","Action":"die","Actor":{"ID":"5cfc…","Attributes":{"com.docker.swarm.id":"a4f2…","exitCode":"3","image":"busybox","name":"evc","node.addr":"127.0.0.1:5502","node.id":"J6AP:…|127.0.0.1:5502","node.ip":"127.0.0.1","node.name":"node-2"}},"scope":"local","time":1795241360,"timeNano":1795241360469703577,"node":{"Name":"node-2","Id":"J6AP:…|127.0.0.1:5502","Addr":"127.0.0.1:5502","Ip":"127.0.0.1"}}',
    );
  });

  it("formats a manager event as the contract's sample", () => {
    const node3 = {
      name: "node-3",
      id: "J6AP:…|127.0.0.1:5503",
      addr: "127.0.0.1:5503",
      ip: "127.0.0.1",
    };
    const { json } = managerEvent("engine_disconnect", node3, 1795241429059);
    expect(json).to.equal(
      '{"status":"engine_disconnect","from":"swarm node:node-3","Type":"swarm","Action":"engine_disconnect","Actor":{"ID":"","Attributes":{"node.addr":"127.0.0.1:5503","node.id":"J6AP:…|127.0.0.1:5503","node.ip":"127.0.0.1","node.name":"node-3"}},"time":1795241429,"timeNano":1795241429059000000,"node":{"Name":"node-3","Id":"J6AP:…|127.0.0.1:5503","Addr":"127.0.0.1:5503","Ip":"127.0.0.1"}}',
    );
  });

  // prettier-ignore
  const sources: readonly { it: string; source: SourceEvent; has: Record<string, unknown>; lacks?: string[] }[] = [
    { it: "leaves status and id out of network events, and keeps a leading space in from",
      source: { Type: "network", Action: "connect", Actor: { ID: "n1", Attributes: { container: "c", name: "net", type: "bridge" } }, scope: "local", time: 1 },
      has: { from: " node:node-2", Type: "network", Action: "connect" }, lacks: ["status", "id"] },
    { it: "makes up what newer engines leave out of container events",
      source: { Type: "container", Action: "start", Actor: { ID: "abc", Attributes: { image: "busybox", name: "x" } }, time: 1 },
      has: { status: "start", id: "abc", from: "busybox node:node-2" } },
    { it: "makes up status and id of image events, which never had a from",
      source: { Type: "image", Action: "pull", Actor: { ID: "busybox:latest", Attributes: { name: "busybox", image: "odd" } }, time: 1 },
      has: { status: "pull", id: "busybox:latest", from: " node:node-2" } },
    { it: "leaves type and action of old engines empty",
      source: { status: "die", id: "abc", from: "busybox", time: 7 },
      has: { status: "die", id: "abc", from: "busybox node:node-2", Type: "", Action: "", time: 7 } },
    { it: "keeps the tail of an action",
      source: { Type: "container", Action: "exec_create: /bin/sh -c true", status: "exec_create: /bin/sh -c true", Actor: { ID: "a" } },
      has: { Action: "exec_create: /bin/sh -c true", status: "exec_create: /bin/sh -c true" } },
    { it: "leaves an absent scope and time out",
      source: { Type: "volume", Action: "create", Actor: { ID: "v", Attributes: null } },
      has: { Type: "volume" }, lacks: ["scope", "time", "timeNano"] },
  ];
  for (const c of sources) {
    it(c.it, () => {
      expect(parsed(c.source)).to.deep.include(c.has);
      if (c.lacks !== undefined) expect(parsed(c.source)).not.to.have.any.keys(...c.lacks);
    });
  }

  it("lets the node win over labels of the same name", () => {
    const labelled = {
      ...die,
      Actor: { ID: "a", Attributes: { "node.name": "liar", "node.ip": "6.6.6.6" } },
    };
    expect(parsed(labelled)).to.deep.nested.include({ "Actor.Attributes.node\\.name": "node-2" });
    expect(parsed(labelled)).to.deep.nested.include({ "Actor.Attributes.node\\.ip": "127.0.0.1" });
  });

  it("sorts attributes as text, those that look like numbers too", () => {
    const odd = { ...die, Actor: { ID: "a", Attributes: { b: "", "10": "", "-": "" } } };
    expect([...formatEvent(odd, node2).attributes.keys()].slice(0, 3)).to.deep.equal(["-", "10", "b"]);
    expect(text(odd)).to.include('"Attributes":{"-":"","10":"","b":"","node.addr"');
  });

  it("shows the node as it was when the event came", () => {
    const node = { ...node2 };
    const event = formatEvent(die, node);
    node.name = "renamed";
    node.addr = "10.0.0.1:1";
    expect(event.json).to.equal(text(die));
    expect([event.node.name, event.attributes.get("node.addr")]).to.deep.equal(["node-2", node2.addr]);
  });

  it("knows how long its JSON is at most, but for what is escaped", () => {
    for (const source of [
      die,
      { Type: "x" },
      { ...die, Actor: { ID: "a", Attributes: { k: "v".repeat(999) } } },
    ]) {
      const { size, json } = formatEvent(source, node2);
      expect(size).to.be.within(json.length, json.length + 200);
    }
  });

  it("escapes what JSON must", () => {
    const labels = { 'a"b': "line\nbreak", c: "back\\slash", d: "\ud800", e: "𝄞", f: "\u0001" };
    const event = formatEvent({ ...die, from: 'x"y', Actor: { ID: "a", Attributes: labels } }, node2);
    const back = JSON.parse(event.json) as { from: string; Actor: { Attributes: Record<string, string> } };
    expect(back.from).to.equal('x"y node:node-2');
    expect(back.Actor.Attributes).to.deep.include(labels);
    expect(event.json).to.include('"d":"\\ud800"').and.to.include('"e":"𝄞"');
  });

  it("tells the time from seconds when there is nothing finer", () => {
    expect(formatEvent({ ...die, timeNano: 5 }, node2).timeNano).to.equal(5n);
    expect(formatEvent({ time: 5 }, node2).timeNano).to.equal(5_000_000_000n);
  });
});
