import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { eventsSoFar, parseEvents } from "../support/events.ts";
import type { Event } from "../support/events.ts";
import { Session } from "../support/session.ts";
import { lab } from "../support/fixtures.ts";
import { useManager } from "../support/use-manager.ts";

describe("docker events", () => {
  const manager = useManager();
  const past = async (...filters: string[]) => await eventsSoFar(manager().docker, ...filters);
  /** A container's whole life on a node; gives its ID. */
  const live = async (node: string, ...options: string[]) => {
    const run = ["run", "-d", "-e", `constraint:node==${node}`, ...options, "busybox", "true"];
    const id = await succeed(manager().docker, run);
    await succeed(manager().docker, ["wait", id]);
    await succeed(manager().docker, ["rm", id]);
    const gone = async () => (await past(`container=${id}`, "event=destroy")).length > 0;
    await eventually("the manager has heard of its end", gone);
    return id;
  };

  it("tell the life of a container in order, while it happens, with its node", async () => {
    await using session = Session.start(manager().url, [
      ...["events", "--format", "{{json .}}", "--filter", "type=container"],
    ]);
    await eventually("the client listens", async () => (await manager().info()).NEventsListener === 1);
    const id = await live("node-2", "--name", "brief", "--label", "team=blue");
    await session.until('"destroy"');
    const events = parseEvents(session.output).filter(({ Actor }) => Actor.ID === id);
    expect(events.map(({ Action }) => Action)).to.deep.equal(["create", "start", "die", "destroy"]);
    const { addr, ip } = lab().engine("node-2");
    for (const { Actor } of events) {
      expect(Actor.Attributes).to.include({ name: "brief", team: "blue", image: "busybox" });
      expect(Actor.Attributes).to.include({ "node.name": "node-2", "node.addr": addr, "node.ip": ip });
      expect(Actor.Attributes["node.id"]).to.match(/.\|.*:2375$/);
    }
  });

  it("carry the node beside the attributes", async () => {
    const id = await live("node-3");
    const filters = encodeURIComponent(JSON.stringify({ container: [id], event: ["create"] }));
    const until = String(Math.floor(Date.now() / 1000) + 1);
    const answer = await fetch(`${manager().http}/events?since=0&until=${until}&filters=${filters}`);
    const [event] = parseEvents(await answer.text());
    expect(event).to.include({ status: "create", id, from: "busybox node:node-3" });
    const { addr, ip } = lab().engine("node-3");
    expect(event!.node).to.include({ Name: "node-3", Addr: addr, Ip: ip });
  });

  it("come from all nodes, and can be filtered by node, container, label, type and event", async () => {
    const one = await live("node-1", "--label", "team=red");
    const three = await live("node-3", "--label", "team=green", "--name", "green");
    const actors = (events: readonly Event[]) => [...new Set(events.map(({ Actor }) => Actor.ID))];
    const ours = [`container=${one}`, `container=${three}`];
    expect(actors(await past(...ours))).to.have.members([one, three]);
    expect(actors(await past(...ours, "node=node-3"))).to.deep.equal([three]);
    expect(actors(await past("label=team=red"))).to.deep.equal([one]);
    expect(actors(await past("container=green"))).to.deep.equal([three]);
    expect((await past(...ours, "event=die")).map(({ Action }) => Action)).to.deep.equal(["die", "die"]);
    expect(await past(...ours, "type=volume")).to.deep.equal([]);
  });

  it("--until ends the stream, --since begins in the past", async () => {
    const id = await live("node-1");
    const events = await past(`container=${id}`, "type=container");
    expect(events.map(({ Action }) => Action)).to.deep.equal(["create", "start", "die", "destroy"]);
    const future = ["events", "--since", "2100-01-01T00:00:00Z", "--until", "2000-01-01T00:00:00Z"];
    expect(await succeed(manager().docker, future)).to.equal("");
  });

  it("a client that leaves is forgotten", async () => {
    const client = Session.start(manager().url, ["events"]);
    await eventually("it is counted", async () => (await manager().info()).NEventsListener === 1);
    await client.kill();
    await eventually("it is not counted", async () => (await manager().info()).NEventsListener === 0);
  });
});
