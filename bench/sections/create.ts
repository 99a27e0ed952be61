import { load, type LoadFigure } from "../client/load.ts";
import { requestText } from "../client/request-text.ts";
import type { Connection } from "../client/connection.ts";
import type { FleetContainer } from "../fleet-process/protocol.ts";
import { expectThat, type Figure } from "../harness/figures.ts";
import { scaled } from "../harness/options.ts";
import { cpuSeconds } from "../harness/process-figures.ts";
import { quiet, sumOf, withStand, type Stand } from "../harness/stand.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { seededPicks } from "./picks.ts";
import { BENCH_LABEL, named, RULES, type CreateRequest, type Rule } from "./rules.ts";
import type { Section } from "./types.ts";

const CLIENTS = [1, 16, 64];
/** Creates of one measurement, by the number of clients. */
const OPERATIONS: Readonly<Record<number, number>> = { 1: 400, 16: 3_000, 64: 4_000 };
const SECONDS = 6;

const NOBODY: FleetContainer = { id: "", name: "", engine: 0, running: true };

/** `docker run -d`: create and start, under each kind of rule. */
export const createSection: Section = {
  name: "create",
  about: "create and start by 1, 16 and 64 clients under each kind of rule; remove",
  run: (options, findings) =>
    withStand(options, {}, async (stand) => {
      const truth = await stand.fleet.ask.containers();
      await findings.step("direct", () => measureDirect(stand));
      await cleared(stand);
      // What was made past the manager is read by it, and would count for the first rule.
      await quiet(stand);
      for (const rule of RULES) {
        for (const clients of CLIENTS) {
          const what = `${rule.name}, ${clients} client${clients > 1 ? "s" : ""}`;
          if (!what.includes(options.only)) continue;
          await findings.step(what, () => measureRule(stand, { rule, clients, what }, truth));
          await cleared(stand);
        }
      }
      if ("remove".includes(options.only)) await findings.step("remove", () => measureRemove(stand));
    }),
};

/** Creates a container and starts it. @returns its ID */
async function run(connection: Connection, { name, body }: CreateRequest): Promise<string> {
  const query = name === "" ? "" : `?name=${name}`;
  const created = await connection.send(requestText("POST", `/containers/create${query}`, body), true);
  expectThat(created.status === 201, `create: ${created.status} ${created.body.toString()}`);
  const { Id } = JSON.parse(created.body.toString()) as { Id: string };
  const started = await connection.send(requestText("POST", `/containers/${Id}/start`), true);
  expectThat(started.status === 204, `start: ${started.status} ${started.body.toString()}`);
  return Id;
}

async function measureRule(
  stand: Stand,
  { rule, clients, what }: { rule: Rule; clients: number; what: string },
  truth: readonly FleetContainer[],
): Promise<readonly Figure[]> {
  const { manager, fleet, options } = stand;
  const operations = scaled(OPERATIONS[clients] ?? 1_000, options, clients * 2);
  const some = seededPicks(truth, operations, clients);
  const someOf = (number: number): FleetContainer => some[number] ?? NOBODY;
  const ids: string[] = [];
  await fleet.ask.resetCounts();
  const cpuBefore = cpuSeconds(manager.pid);
  const figure = await load(
    { addr: manager.addr, clients, operations, seconds: SECONDS },
    async (connection, number) => {
      ids[number] = await run(connection, rule.request(number, someOf(number)));
    },
  );
  const cpuMs = ((cpuSeconds(manager.pid) - cpuBefore) * 1000) / figure.latencies.count;
  const requests = sumOf(await fleet.ask.requestCounts()) / figure.latencies.count;
  await expectPlaced(stand, rule, ids, someOf);
  const cpu: Figure = { what: `${what}, CPU of the manager`, value: cpuMs, unit: "ms each", better: "lower" };
  return [...figuresOf(what, clients, figure, requests), cpu];
}

/** Every answered ID is a running container on an engine the rule allows. */
async function expectPlaced(
  { fleet, manager, containers }: Stand,
  rule: Rule,
  ids: readonly string[],
  someOf: (number: number) => FleetContainer,
): Promise<void> {
  const now = new Map((await fleet.ask.containers()).map((container) => [container.id, container]));
  expectThat(
    now.size === containers + ids.length,
    `${now.size - containers} containers for ${ids.length} creates`,
  );
  for (const [number, id] of ids.entries()) {
    const container = now.get(id);
    expectThat(container?.running === true, `container ${id} does not run`);
    const allowed = rule.allows?.(container.engine, number, someOf(number)) ?? true;
    expectThat(allowed, `container ${number} is on node-${container.engine + 1}, against its rule`);
  }
  const shown = await manager.info();
  expectThat(
    shown.Containers === now.size,
    `/info tells of ${shown.Containers} containers, there are ${now.size}`,
  );
}

function figuresOf(what: string, clients: number, figure: LoadFigure, requests: number): readonly Figure[] {
  const { latencies, perSecond } = figure;
  const p50: Figure = { what: `${what}, p50`, value: latencies.p50, unit: "ms", better: "lower" };
  const p99: Figure = { what: `${what}, p99`, value: latencies.p99, unit: "ms", better: "lower" };
  if (clients === 1)
    return [
      { ...p50, target: 2.5 },
      p99,
      { what: `${what}, requests to engines`, value: requests, unit: "requests", better: "lower", target: 2 },
    ];
  return [
    { what, value: perSecond, unit: "/s", better: "higher", target: 1_000 },
    p50,
    { ...p99, target: 3 * latencies.p50 },
  ];
}

/** The same client against one engine, and against 64 with a connection each. */
async function measureDirect({ fleet, options }: Stand): Promise<readonly Figure[]> {
  const addr = fleet.engines[0]?.addr ?? "";
  const operations = scaled(400, options, 10);
  const one = await load({ addr, clients: 1, operations }, async (connection, number) => {
    await run(connection, named(number));
  });
  await fleet.ask.removeLabelled(BENCH_LABEL);
  const many = await load({ addr, clients: 16, operations }, async (connection, number) => {
    await run(connection, named(number));
  });
  await fleet.ask.removeLabelled(BENCH_LABEL);
  return [
    { what: "direct, 1 client, p50", value: one.latencies.p50, unit: "ms" },
    { what: "direct, 16 clients", value: many.perSecond, unit: "/s" },
    { what: "direct, 16 clients, p50", value: many.latencies.p50, unit: "ms" },
    { what: "direct, 16 clients, p99", value: many.latencies.p99, unit: "ms" },
  ];
}

/** Removes what a step made, past the manager, and waits until the manager knows. */
async function cleared({ fleet, manager, containers }: Stand): Promise<void> {
  await fleet.ask.removeLabelled(BENCH_LABEL);
  await waitUntil("the manager's count of containers as before", async () =>
    (await manager.info()).Containers === containers ? true : undefined,
  );
}

async function measureRemove(stand: Stand): Promise<readonly Figure[]> {
  const { manager, fleet, options, containers } = stand;
  const operations = scaled(2_000, options, 32);
  const ids: string[] = [];
  await load({ addr: manager.addr, clients: 16, operations }, async (connection, number) => {
    ids[number] = await run(connection, named(number));
  });
  const { perSecond, latencies } = await load(
    { addr: manager.addr, clients: 16, operations },
    async (connection, number) => {
      const path = `/containers/${ids[number] ?? ""}?force=1`;
      const { status, body } = await connection.send(requestText("DELETE", path), true);
      expectThat(status === 204, `remove: ${status} ${body.toString()}`);
    },
  );
  const left = (await fleet.ask.containers()).length;
  expectThat(left === containers, `${left - containers} containers are left`);
  return [
    { what: "remove, 16 clients", value: perSecond, unit: "/s", better: "higher" },
    { what: "remove, 16 clients, p50", value: latencies.p50, unit: "ms", better: "lower" },
  ];
}
