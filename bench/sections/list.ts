import { Connection } from "../client/connection.ts";
import { load } from "../client/load.ts";
import { requestText } from "../client/request-text.ts";
import type { FleetContainer } from "../fleet-process/protocol.ts";
import { expectThat, type Figure } from "../harness/figures.ts";
import { scaled } from "../harness/options.ts";
import { withStand, type Stand } from "../harness/stand.ts";
import { expectEntries } from "./list-check.ts";
import { seededPicks } from "./picks.ts";
import type { Section } from "./types.ts";

const ALL = "/containers/json?all=1";
/** Engines asked at once when all of them are asked directly. */
const DIRECT_AT_ONCE = 8;
/** Connections opened before the clock runs: of more, files would run out. */
const MOST_AHEAD = 2_000;

const filtered = (filters: Readonly<Record<string, readonly string[]>>): string =>
  `${ALL}&filters=${encodeURIComponent(JSON.stringify(filters))}`;

/** `docker ps -a`, whole and filtered. */
export const listSection: Section = {
  name: "list",
  about: "the list of all containers, one and eight clients; filtered by name, label, state",
  run: (options, findings) =>
    withStand(options, {}, async (stand) => {
      const truth = await stand.fleet.ask.containers();
      const steps: readonly (readonly [string, () => Promise<readonly Figure[]>])[] = [
        ["list all", () => listAll(stand, truth)],
        ["list all, 8 clients", () => listAllByMany(stand, truth)],
        ["list by name", () => listByName(stand, truth)],
        ["list by label", () => listSome(stand, "label", { label: ["tier=cache"] }, truth, /-sessions-/)],
        ["list by state", () => listSome(stand, "state", { status: ["exited"] }, [], /./)],
      ];
      for (const [what, work] of steps) if (what.includes(options.only)) await findings.step(what, work);
    }),
};

async function listAll(stand: Stand, truth: readonly FleetContainer[]): Promise<readonly Figure[]> {
  const { manager, options } = stand;
  expectEntries(await manager.get(ALL), truth, stand);
  let bytes = 0;
  const { latencies } = await load(
    { addr: manager.addr, clients: 1, operations: scaled(40, options, 3) },
    async (connection) => {
      const { status, bodyBytes } = await connection.send(requestText("GET", ALL));
      expectThat(status === 200, `status ${status}`);
      bytes = bodyBytes;
    },
  );
  // Texts such as `Up 2 minutes` change their length from answer to answer: whole lists are compared before and after.
  expectEntries(await manager.get(ALL), truth, stand);
  const direct = await directList(stand, truth.length);
  return [
    { what: "list all, p50", value: latencies.p50, unit: "ms", better: "lower", target: 45, direct },
    { what: "list all, p99", value: latencies.p99, unit: "ms", better: "lower" },
    { what: "list all, size", value: bytes / 1e6, unit: "MB" },
  ];
}

/** Asking every engine, so many at a time. @returns milliseconds */
async function directList({ fleet }: Stand, expected: number): Promise<number> {
  const rest = fleet.engines.map(({ addr }) => addr);
  const ahead = await Promise.all(rest.splice(0, MOST_AHEAD).map((addr) => Connection.open(addr)));
  const bodies: Buffer[] = [];
  const begin = performance.now();
  const next = async (): Promise<Connection | undefined> => {
    const addr = ahead.length > 0 ? undefined : rest.pop();
    return addr === undefined ? ahead.pop() : await Connection.open(addr);
  };
  const worker = async (): Promise<void> => {
    for (let connection = await next(); connection; connection = await next()) {
      bodies.push((await connection.send(requestText("GET", ALL), true)).body);
      connection.close();
    }
  };
  await Promise.all(Array.from({ length: DIRECT_AT_ONCE }, worker));
  const ms = performance.now() - begin;
  const found = bodies.reduce((sum, body) => sum + (JSON.parse(body.toString()) as unknown[]).length, 0);
  expectThat(found === expected, `the engines list ${found} containers, there are ${expected}`);
  return ms;
}

async function listAllByMany(stand: Stand, truth: readonly FleetContainer[]): Promise<readonly Figure[]> {
  const { manager, options } = stand;
  const smallest = (await manager.get(ALL)).length * 0.98;
  const { perSecond, latencies } = await load(
    { addr: manager.addr, clients: 8, seconds: scaled(8, options, 1), operations: 400 },
    async (connection) => {
      const { status, bodyBytes } = await connection.send(requestText("GET", ALL));
      expectThat(status === 200 && bodyBytes > smallest, `status ${status}, ${bodyBytes} bytes`);
    },
  );
  expectEntries(await manager.get(ALL), truth, stand);
  return [
    { what: "list all, 8 clients", value: perSecond, unit: "/s", better: "higher", target: 30 },
    { what: "list all, 8 clients, p50", value: latencies.p50, unit: "ms", better: "lower" },
  ];
}

async function listByName(stand: Stand, truth: readonly FleetContainer[]): Promise<readonly Figure[]> {
  const { manager, fleet, options } = stand;
  const picks = seededPicks(truth, scaled(500, options, 20));
  const ask = async (connection: Connection, { name, id }: FleetContainer): Promise<void> => {
    const path = filtered({ name: [`${name}$`] });
    const { body } = await connection.send(requestText("GET", path), true);
    const entries = JSON.parse(body.toString()) as { Id: string }[];
    expectThat(entries.length === 1 && entries[0]?.Id === id, `${name}: ${body.toString().slice(0, 200)}`);
  };
  const { latencies } = await load(
    { addr: manager.addr, clients: 1, operations: picks.length },
    (connection, number) => ask(connection, pickAt(picks, number)),
  );
  const one = picks.filter(({ engine }) => engine === picks[0]?.engine);
  const direct = await load(
    {
      addr: fleet.engines[one[0]?.engine ?? 0]?.addr ?? "",
      clients: 1,
      operations: scaled(500, options, 20),
    },
    (connection, number) => ask(connection, pickAt(one, number % one.length)),
  );
  return [
    {
      ...{ what: "list by name, p50", value: latencies.p50, unit: "ms", better: "lower" },
      ...{ target: direct.latencies.p50 + 1, direct: direct.latencies.p50 },
    },
    { what: "list by name, p99", value: latencies.p99, unit: "ms", better: "lower" },
  ];
}

function pickAt(picks: readonly FleetContainer[], index: number): FleetContainer {
  const pick = picks[index];
  if (pick === undefined) throw new Error("no such container");
  return pick;
}

async function listSome(
  { manager, options }: Stand,
  what: string,
  filters: Readonly<Record<string, readonly string[]>>,
  truth: readonly FleetContainer[],
  names: RegExp,
): Promise<readonly Figure[]> {
  const expected = truth.filter(({ name }) => names.test(name)).length;
  const answer = JSON.parse((await manager.get(filtered(filters))).toString()) as unknown[];
  expectThat(answer.length === expected, `${answer.length} entries, there are ${expected}`);
  const { latencies } = await load(
    { addr: manager.addr, clients: 1, operations: scaled(30, options, 3) },
    async (connection) => {
      const { status } = await connection.send(requestText("GET", filtered(filters)));
      expectThat(status === 200, `status ${status}`);
    },
  );
  return [{ what: `list by ${what}, p50`, value: latencies.p50, unit: "ms", better: "lower" }];
}
