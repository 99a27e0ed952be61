import { expect } from "chai";
import type { ServerResponse } from "node:http";
import type { Exchange } from "../../../src/api/exchange.ts";
import { listReschedules, retryReschedule } from "../../../src/api/operator/reschedules.ts";
import type { Moves, PendingMove } from "../../../src/reschedule/ports.ts";

const SINCE = Date.UTC(2026, 10, 21, 17);
const pending: readonly PendingMove[] = [
  {
    swarmId: "5w",
    name: "web",
    containerId: "c0ffee",
    from: "node-1",
    reason: "node-failure",
    state: "waiting",
    sinceMs: SINCE,
    attempts: 3,
    lastError: "no resources available to schedule container",
    nextTryMs: SINCE + 30_000,
  },
  {
    swarmId: "6x",
    name: "db",
    containerId: "decade",
    from: "node-1",
    reason: "drain",
    state: "moving",
    sinceMs: SINCE,
    attempts: 0,
    lastError: "",
    nextTryMs: undefined,
  },
];

/** Remembers the answer. */
function exchange(id = "") {
  const answer = { status: 0, text: "" };
  const res = {
    writeHead: (status: number) => (answer.status = status),
    end: (text = "") => (answer.text = text),
  };
  const asked = { res: res as unknown as ServerResponse, param: () => id } as unknown as Exchange;
  return { asked, answer };
}

const moves = (retried: string[]): Moves => ({
  ready: true,
  pending: () => pending,
  retry: (reference) => retried.push(reference) > 0 && reference === "web",
  obstacle: () => undefined,
  move: () => Promise.reject(new Error("nobody asked for it")),
});

describe("api/operator reschedules", () => {
  it("lists what moves or waits", () => {
    const { asked, answer } = exchange();
    listReschedules({ moves: moves([]) }, asked);
    expect(JSON.parse(answer.text)).to.deep.equal([
      {
        SwarmID: "5w",
        Name: "web",
        ContainerID: "c0ffee",
        From: "node-1",
        Reason: "node-failure",
        State: "waiting",
        Since: "2026-11-21T17:00:00Z",
        Attempts: 3,
        LastError: "no resources available to schedule container",
        NextTry: "2026-11-21T17:00:30Z",
      },
      {
        SwarmID: "6x",
        Name: "db",
        ContainerID: "decade",
        From: "node-1",
        Reason: "drain",
        State: "moving",
        Since: "2026-11-21T17:00:00Z",
        Attempts: 0,
        LastError: "",
        NextTry: null,
      },
    ]);
  });

  it("tries one now", () => {
    const retried: string[] = [];
    const { asked, answer } = exchange("web");
    retryReschedule({ moves: moves(retried) }, asked);
    expect([answer.status, answer.text, retried]).to.deep.equal([204, "", ["web"]]);
  });

  it("refuses to try what does not wait", () => {
    expect(() => retryReschedule({ moves: moves([]) }, exchange("nope").asked))
      .to.throw("No such reschedule: nope")
      .with.property("status", 404);
  });
});
