import { expect } from "chai";
import type { ServerResponse } from "node:http";
import { leader, leaderBody } from "../../../src/api/operator/leader.ts";
import type { Exchange } from "../../../src/api/exchange.ts";
import type { ManagerRole } from "../../../src/replication/manager-role.ts";
import { startManager } from "../support.ts";

const SINCE = Date.UTC(2026, 10, 21, 17);
const term = (held: boolean) => ({
  number: 7,
  sinceMs: SINCE,
  lost: new AbortController().signal,
  held: () => held,
});
const role = (parts: Partial<ManagerRole> = {}): ManagerRole => ({
  replicated: true,
  leadership: { term: term(true), onTerm: () => () => undefined },
  role: "primary",
  primary: "10.0.0.5:3376",
  self: "10.0.0.5:3376",
  ttlMs: 20_000,
  peers: [
    { address: "10.0.0.5:3376", role: "primary", version: "1.0.0", startedMs: SINCE - 3_600_000, self: true },
    { address: "10.0.0.6:3376", role: "replica", version: "1.0.0", startedMs: SINCE, self: false },
  ],
  error: "",
  ...parts,
});
const noTerm = { term: undefined, onTerm: () => () => undefined };

describe("api/operator leader", () => {
  it("says who leads, for how long, and who there is", () => {
    expect(leaderBody(role(), SINCE + 42_123)).to.deep.equal({
      Role: "primary",
      Replicated: true,
      Self: "10.0.0.5:3376",
      Primary: "10.0.0.5:3376",
      Term: { Number: 7, Since: "2026-11-21T17:00:00Z", AgeSeconds: 42.1, TtlSeconds: 20 },
      Peers: [
        {
          Address: "10.0.0.5:3376",
          Role: "primary",
          Version: "1.0.0",
          StartedAt: "2026-11-21T16:00:00Z",
          Self: true,
        },
        {
          Address: "10.0.0.6:3376",
          Role: "replica",
          Version: "1.0.0",
          StartedAt: "2026-11-21T17:00:00Z",
          Self: false,
        },
      ],
      Error: "",
    });
  });

  it("has no term where the lease is not held", () => {
    expect(leaderBody(role({ leadership: noTerm, role: "replica" }), SINCE).Term).to.equal(null);
    const lapsed = role({ leadership: { term: term(false), onTerm: () => () => undefined } });
    expect(leaderBody(lapsed, SINCE).Term).to.equal(null);
  });

  it("never tells of a negative age, whatever the clock", () => {
    expect(leaderBody(role(), SINCE - 5_000).Term?.AgeSeconds).to.equal(0);
  });

  // prettier-ignore
  const statuses = [
    { it: "the primary",                   parts: {},                                                               status: 200 },
    { it: "a manager without replication", parts: { replicated: false, primary: "", self: "", ttlMs: 0 },           status: 200 },
    { it: "a replica of a primary",        parts: { role: "replica", leadership: noTerm, self: "10.0.0.6:3376" },   status: 200 },
    { it: "a replica that knows none",     parts: { role: "replica", leadership: noTerm, primary: "" },             status: 503 },
  ] as const;
  for (const { it: who, parts, status } of statuses) {
    it(`answers ${status} at ${who}`, () => expect(answered(role(parts))).to.equal(status));
  }

  it("is served by a manager without replication", async () => {
    await using manager = await startManager({ engines: [] });
    const answer = await manager.ask("GET", "/cluster/leader");
    expect(answer.status).to.equal(200);
    const { Term, Peers, ...rest } = answer.json() as { Term: { Number: number }; Peers: unknown[] };
    expect(rest).to.deep.equal({ Role: "primary", Replicated: false, Self: "", Primary: "", Error: "" });
    expect(Term.Number).to.equal(0);
    expect(Peers).to.have.length(1);
  });
});

function answered(asked: ManagerRole): number {
  let status = 0;
  const res = { writeHead: (code: number) => (status = code), end: () => undefined };
  leader({ role: asked }, { res: res as unknown as ServerResponse } as Exchange);
  return status;
}
