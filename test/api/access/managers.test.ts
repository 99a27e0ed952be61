import { Agent, request as httpsRequest } from "node:https";
import { expect } from "chai";
import { pino } from "pino";
import { AccessControl } from "../../../src/api/access/access-control.ts";
import { Builders } from "../../../src/api/build/builders.ts";
import { describeClient } from "../../../src/api/describe-client.ts";
import { encodeRelayed, type RelayedClient } from "../../../src/api/relayed-client.ts";
import type { Cluster } from "../../../src/cluster/cluster.ts";
import { TlsIdentity } from "../../../src/tls/identity.ts";
import {
  FakeReplication,
  startReplica,
  stopReplicas,
  type TestReplica,
} from "../../replication/relay/support.ts";
import { until } from "../support.ts";
import { POLICY, startGuardedManager, type GuardedAnswer, type GuardedManager } from "./support.ts";

const WITH_MANAGERS = { rules: [...POLICY.rules, { cn: "manager-*", role: "manager" }] };
/** It is not asked for anything before a request comes. */
const NO_CLUSTER = Object.create(null) as Cluster;
const as = (cn: string | undefined, ...units: string[]): RelayedClient => ({
  client: cn === undefined && units.length === 0 ? undefined : { cn, units },
  identity: "subject {}",
  address: "10.9.8.7:4242",
  builderNode: "",
});

describe("api/access managers", () => {
  let manager: GuardedManager;
  let replica: TestReplica;
  before(async () => {
    manager = await startGuardedManager({ policy: WITH_MANAGERS });
    const identity = TlsIdentity.load({ verify: true, ...(await manager.writePair("manager-2")) });
    replica = await startReplica({
      tls: identity,
      local: {
        describe: (req) => describeClient({ access: undefined, builders: new Builders() }, req),
        wantsConnection: (method, url) => method === "POST" && url.includes("/attach"),
      },
    });
    replica.replication.elect(`127.0.0.1:${manager.port}`);
  });
  after(async () => {
    await stopReplicas();
    await manager[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    manager.log.length = 0;
  });
  afterEach(() => manager.setPolicy(WITH_MANAGERS));

  /** One request on this certificate's connection, through the replica or not. */
  const ask = (
    cn: string,
    method: string,
    path: string,
    {
      headers = {},
      port = manager.port,
      body,
    }: { headers?: Record<string, string>; port?: number; body?: object } = {},
  ): Promise<Pick<GuardedAnswer, "status" | "text">> =>
    new Promise((resolve, reject) => {
      const agent = new Agent();
      const given = { ...(body && { "Content-Type": "application/json" }), ...headers };
      const req = httpsRequest(
        { ...manager.certified(cn), port, agent, method, path, headers: given },
        (res) => {
          let text = "";
          res
            .on("data", (chunk: Buffer) => (text += chunk.toString()))
            .on("end", () => {
              agent.destroy();
              resolve({ status: res.statusCode ?? 0, text });
            });
        },
      );
      req.on("error", reject).end(body && JSON.stringify(body));
    });
  const through = (cn: string, method: string, path: string, body?: object) =>
    ask(cn, method, path, { port: replica.port, ...(body && { body }) });
  const said = (client: RelayedClient, via = "10.0.0.6:3376") => ({
    headers: { "X-Swarm-Via": via, "X-Swarm-Client": encodeRelayed(client) },
  });

  it("judges whom a manager relays for, in the same words", async () => {
    const [direct, relayed] = [
      await ask("reader", "POST", "/containers/create?name=x", { body: {} }),
      await through("reader", "POST", "/containers/create?name=x", {}),
    ];
    expect(relayed).to.deep.equal(direct);
    expect(relayed.text).to.include(
      "role read-only (reader) may not POST /containers/create: this needs the right to run",
    );
    expect((await through("reader", "GET", "/containers/json")).status).to.equal(200);
    expect((await through("stranger", "GET", "/containers/json")).status).to.equal(403);
  });

  it("narrows what an own client sees through a replica, and labels what it creates", async () => {
    const body = { Image: "busybox", Cmd: ["true"] };
    for (const [cn, name] of [
      ["root", "others"],
      ["ci-1", "mine"],
    ] as const)
      expect((await through(cn, "POST", `/containers/create?name=${name}`, body)).status).to.equal(201);
    const listed = await through("ci-1", "GET", "/containers/json?all=1");
    expect((JSON.parse(listed.text) as { Names: string[] }[]).flatMap(({ Names }) => Names)).to.deep.equal([
      "/node-1/mine",
    ]);
    expect((await through("ci-1", "GET", "/containers/others/json")).status).to.equal(404);
    for (const name of ["others", "mine"]) await through("root", "DELETE", `/containers/${name}?force=1`);
  });

  it("judges each request of one connection by itself", async () => {
    const statuses = [];
    for (const cn of ["reader", "root", "reader"])
      statuses.push((await ask("manager-2", "POST", "/containers/prune", said(as(cn)))).status);
    expect(statuses).to.deep.equal([403, 200, 403]);
  });

  it("finds the units of whom a manager relays for", async () => {
    expect(
      (await ask("manager-2", "POST", "/containers/prune", said(as(undefined, "people", "ops")))).status,
    ).to.equal(200);
  });

  it("lets a manager on its own account do what everybody may", async () => {
    expect((await ask("manager-2", "GET", "/_ping")).status).to.equal(200);
    const { status, text } = await ask("manager-2", "GET", "/containers/json");
    expect(status).to.equal(403);
    expect(text).to.include(
      "role manager (manager-2) may not GET /containers/json: this needs the right to view",
    );
  });

  it("gives a client that a manager knows no certificate of no role", async () => {
    const { status, text } = await ask("manager-2", "GET", "/containers/json", said(as(undefined)));
    expect(status).to.equal(403);
    expect(text).to.include("role none (no certificate)");
  });

  it("does not let a manager's name be lent", async () => {
    expect((await ask("manager-2", "GET", "/containers/json", said(as("manager-2")))).status).to.equal(403);
  });

  for (const [what, cn] of [
    ["a client with fewer rights", "reader"],
    ["a stranger", "stranger"],
    ["an own client", "ci-1"],
  ] as const) {
    it(`does not believe ${what} that says it relays`, async () => {
      const { status } = await ask(cn, "DELETE", "/images/busybox", said(as("root")));
      expect(status).to.equal(403);
    });
    it(`does not believe ${what} that says so to a replica`, async () => {
      const { status } = await ask(cn, "DELETE", "/images/busybox", {
        port: replica.port,
        ...said(as("root")),
      });
      expect(status).to.equal(403);
    });
  }

  describe("between a client and the primary, two of them", () => {
    const withPolicy = async (policy: object | undefined): Promise<TestReplica> => {
      if (policy !== undefined) manager.setPolicy(policy);
      const access =
        policy &&
        AccessControl.load(manager.policyFile, { cluster: NO_CLUSTER, log: pino({ level: "silent" }) });
      const tls = TlsIdentity.load({ verify: true, ...(await manager.writePair("manager-3")) });
      const second = await startReplica({
        tls,
        replication: new FakeReplication("10.0.0.3:1"),
        local: { describe: (req) => describeClient({ access, builders: new Builders() }, req) },
      });
      second.replication.elect(`127.0.0.1:${manager.port}`);
      return second;
    };

    // prettier-ignore
    const cases = [
      { it: "believes the first when the second knows it for one",       policy: WITH_MANAGERS, from: "manager-2", status: 200 },
      { it: "believes no client that says it is the first",              policy: WITH_MANAGERS, from: "reader",    status: 403 },
      { it: "believes nobody when the second has no policy of its own",  policy: undefined,     from: "manager-2", status: 403 },
    ];
    for (const { it: title, policy, from, status } of cases) {
      it(title, async () => {
        await using second = await withPolicy(policy);
        const answer = await ask(from, "POST", "/containers/prune", {
          port: second.port,
          ...said(as("root")),
        });
        expect(answer.status).to.equal(status);
      });
    }
  });

  it("does not hold an admin's forgery against it, and judges it by its own name", async () => {
    const { status } = await ask("root", "POST", "/containers/prune", said(as("stranger")));
    expect(status).to.equal(200);
  });

  for (const [what, text] of [
    ["garbage", "AAAA"],
    [
      "a key too many",
      Buffer.from(JSON.stringify({ ...as("root"), cn: "root", units: [], admin: true })).toString(
        "base64url",
      ),
    ],
  ] as const) {
    it(`refuses a manager that says ${what}`, async () => {
      const { status, text: body } = await ask("manager-2", "GET", "/containers/json", {
        headers: { "X-Swarm-Via": "a:1", "X-Swarm-Client": text },
      });
      expect([status, body]).to.deep.equal([400, '{"message":"malformed X-Swarm-Client header"}\n']);
    });
  }

  it("writes the client, its address and the manager into the audit", async () => {
    await ask("manager-2", "POST", "/containers/prune", said(as("olga", "ops"), "10.0.0.7:1, 10.0.0.6:3376"));
    await until(() => manager.audit().length === 1);
    expect(manager.audit()[0]).to.include({
      cn: "olga",
      role: "operator",
      remote: "10.9.8.7:4242",
      via: "10.0.0.6:3376",
      outcome: "allowed",
    });
  });

  it("writes no manager for a client that came itself", async () => {
    await ask("root", "POST", "/containers/prune", said(as("olga")));
    await until(() => manager.audit().length === 1);
    expect(manager.audit()[0]).to.include({ cn: "root" }).and.not.to.have.any.keys("via");
  });

  describe("when the policy changes", () => {
    const rules = (changed: object) => ({
      rules: [{ cn: "root", role: "admin" }, changed, { cn: "manager-*", role: "manager" }],
    });
    /** A stream through the replica that has begun, and how it ends. */
    const follow = (
      cn: string,
    ): Promise<{
      readonly over: () => boolean;
      readonly ended: Promise<string>;
      readonly leave: () => void;
    }> =>
      new Promise((resolve, reject) => {
        const req = httpsRequest(
          { ...manager.certified(cn), port: replica.port, agent: false, path: "/events" },
          (res) => {
            let over = false;
            const ended = new Promise<string>((end) => {
              res
                .on("error", () => undefined)
                .once("close", () => {
                  over = true;
                  end(res.complete ? "ended" : "cut");
                });
            });
            res.resume();
            resolve({ over: () => over, ended, leave: () => void req.destroy() });
          },
        );
        req.on("error", reject).end();
      });

    it("cuts a relayed stream whose client may no longer have it, and no other", async () => {
      manager.setPolicy(rules({ cn: "reader", role: "read-only" }));
      const [reader, root] = [await follow("reader"), await follow("root")];
      manager.setPolicy(rules({ cn: "reader", role: "none" }));
      expect(await reader.ended).to.equal("cut");
      expect(root.over()).to.equal(false);
      root.leave();
      await root.ended;
    });

    it("cuts what a manager relays that may no longer do so", async () => {
      const root = await follow("root");
      manager.setPolicy(POLICY);
      expect(await root.ended).to.equal("cut");
      expect((await through("root", "GET", "/containers/json")).status).to.equal(403);
    });
  });

  describe("that have other managers", () => {
    const warned = (policy: object, replicated: boolean): boolean => {
      manager.setPolicy(policy);
      const lines: string[] = [];
      const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
      AccessControl.load(manager.policyFile, { cluster: NO_CLUSTER, log, replicated });
      return lines.some((line) => line.includes("no rule grants the role manager"));
    };

    it("warns when no rule is for managers", () => {
      expect(warned(POLICY, true)).to.equal(true);
      expect(warned(WITH_MANAGERS, true)).to.equal(false);
      expect(warned(POLICY, false)).to.equal(false);
    });
  });
});
