import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "../client/connection.ts";
import { openHijacked, upgradeText } from "../client/hijacked.ts";
import { median } from "../client/latencies.ts";
import { requestText } from "../client/request-text.ts";
import { expectThat, Findings, type Figure } from "../harness/figures.ts";
import { openFiles, rssMiB } from "../harness/process-figures.ts";
import { withStand, type Stand } from "../harness/stand.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { expectAllListed } from "./list-check.ts";
import { RULES } from "./rules.ts";
import type { Section } from "./types.ts";

const CLIENTS = 4;
const LEAST_ROUNDS = 6;
const ROUND_SECONDS = 30;
/** What counts as flat: growth from the first third to the last, in percent. */
const FLAT_PERCENT = 5;

/** What a manager holds when nothing is going on. */
interface Sample {
  readonly heapMiB: number;
  readonly rssMiB: number;
  readonly files: number;
  readonly timers: number;
}

/** Hours of a cluster's life in minutes: what grows without end shows. */
export const soakSection: Section = {
  name: "soak",
  about: "churn for half an hour [--minutes N]: memory, sockets and timers must stay as they are",
  run: (options, findings) =>
    withStand(options, {}, async (stand) => {
      await findings.step("soak", () => measure(stand, findings));
    }),
};

async function measure(stand: Stand, findings: Findings): Promise<readonly Figure[]> {
  const { manager, fleet, options } = stand;
  const seconds = options.minutes * 60;
  const rounds = Math.max(LEAST_ROUNDS, Math.round(seconds / ROUND_SECONDS));
  const listener = await Connection.open(manager.addr);
  let events = 0;
  let isOver = false;
  const listening = listener
    .stream(requestText("GET", "/events"), () => events++)
    .catch((error: unknown) => {
      if (!isOver) findings.faults.push(`the stream of events ended: ${String(error)}`);
    });
  const samples: Sample[] = [];
  let turns = 0;
  for (let round = 0; round <= rounds; round++) {
    turns += await churn(stand, (seconds / rounds) * 1000, turns);
    samples.push(await sampled(stand));
  }
  isOver = true;
  listener.close();
  await listening;
  await expectAllListed(stand);
  expectThat(events > 0, "no event came");
  const left = (await fleet.ask.containers()).length;
  expectThat(left === stand.containers, `${left - stand.containers} containers are left`);
  // The first round warms up what all others share.
  return [
    { what: "containers created and removed", value: turns, unit: "containers" },
    ...grown("heap", "MiB", samples.slice(1), ({ heapMiB }) => heapMiB),
    ...grown("resident memory", "MiB", samples.slice(1), (sample) => sample.rssMiB),
    ...grown("open files", "files", samples.slice(1), ({ files }) => files),
    ...grown("timers", "timers", samples.slice(1), ({ timers }) => timers),
  ];
}

function grown(
  what: string,
  unit: string,
  samples: readonly Sample[],
  of: (sample: Sample) => number,
): Figure[] {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const first = median(samples.slice(0, third).map(of));
  const last = median(samples.slice(-third).map(of));
  return [
    { what: `${what}, at the end`, value: last, unit },
    {
      ...{ what: `${what}, growth`, value: first === 0 ? 0 : (last / first - 1) * 100, unit: "%" },
      ...{ better: "lower", target: FLAT_PERCENT },
    },
  ];
}

async function sampled({ manager, fleet, containers }: Stand): Promise<Sample> {
  await waitUntil("the manager's count of containers as before", async () =>
    (await manager.info()).Containers === containers ? true : undefined,
  );
  await sleep(500);
  await fleet.ask.resetCounts();
  const { heapMiB, timers } = await manager.inside();
  return { heapMiB, timers, rssMiB: rssMiB(manager.pid), files: openFiles(manager.pid) };
}

/** Everything a client does with a container, from create to remove, by several clients. @returns how many containers */
async function churn(stand: Stand, ms: number, first: number): Promise<number> {
  const { manager, fleet } = stand;
  const some = (await fleet.ask.containers()).filter(({ running }) => running);
  const connections = await Connection.openMany(manager.addr, CLIENTS);
  const end = performance.now() + ms;
  let turns = 0;
  const client = async (connection: Connection): Promise<void> => {
    while (performance.now() < end) {
      const number = first + turns++;
      const rule = RULES[number % RULES.length];
      const other = some[(number * 7919) % some.length];
      if (rule === undefined || other === undefined) throw new Error("there are rules and containers");
      const { name, body } = rule.request(number, other);
      await live(manager.addr, connection, { query: name === "" ? "" : `?name=${name}`, body });
    }
  };
  try {
    await Promise.all(connections.map(client));
  } finally {
    for (const connection of connections) connection.close();
  }
  return turns;
}

async function live(
  addr: string,
  connection: Connection,
  { query, body }: { query: string; body: object },
): Promise<void> {
  const ask = async (method: string, path: string, want: number, json?: object): Promise<Buffer> => {
    const reply = await connection.send(requestText(method, path, json), true);
    expectThat(
      reply.status === want,
      `${method} ${path}: ${reply.status} ${reply.body.toString("utf8", 0, 300)}`,
    );
    return reply.body;
  };
  const idOf = (answer: Buffer): string => (JSON.parse(answer.toString()) as { Id: string }).Id;
  const id = idOf(await ask("POST", `/containers/create${query}`, 201, body));
  const { socket } = await openHijacked(addr, upgradeText(`/containers/${id}/attach?stream=1&stdout=1`));
  socket.resume();
  const detached = once(socket, "close");
  await ask("POST", `/containers/${id}/start`, 204);
  await ask("GET", `/containers/${id}/json`, 200);
  const exec = idOf(await ask("POST", `/containers/${id}/exec`, 201, { Cmd: ["true"], AttachStdout: true }));
  // Its answer ends the connection, as that of a hijacked one would.
  const starting = await Connection.open(addr);
  const started = await starting.send(requestText("POST", `/exec/${exec}/start`, { Detach: true }), true);
  starting.close();
  expectThat(started.status === 200, `exec start: ${started.status} ${started.body.toString()}`);
  const filters = encodeURIComponent(JSON.stringify({ id: [id] }));
  const found = JSON.parse(
    (await ask("GET", `/containers/json?filters=${filters}`, 200)).toString(),
  ) as unknown[];
  expectThat(found.length === 1, `${found.length} entries for container ${id}`);
  await ask("POST", `/containers/${id}/stop?t=1`, 204);
  await ask("DELETE", `/containers/${id}`, 204);
  await detached;
}
