import { Connection } from "../client/connection.ts";
import { Latencies } from "../client/latencies.ts";
import { requestText } from "../client/request-text.ts";
import type { EventTrain } from "../fleet-process/protocol.ts";
import { expectThat, type Figure } from "../harness/figures.ts";
import { scaled } from "../harness/options.ts";
import { sumOf, withStand, type Stand } from "../harness/stand.ts";
import { waitUntil } from "../harness/wait-until.ts";
import type { Section } from "./types.ts";

/** After it the manager looks at the container: the state it keeps has changed. */
const STATE_ACTION = "update";
/** Only to be passed on. */
const NEWS_ACTION = "attach";
const DELAY_EVENTS = 2_000;
const DELAY_RATE = 200;
const BURST_RATE = 6_000;
const BURST_SECONDS = 5;

/** From an engine to a client of the manager's `/events`. */
export const eventsSection: Section = {
  name: "events",
  about: "delay of events from engine to client; a burst of 6,000 a second",
  run: (options, findings) =>
    withStand(options, {}, async (stand) => {
      for (const action of [NEWS_ACTION, STATE_ACTION]) {
        await findings.step(`${action}: delay`, () => measureDelay(stand, action));
        await findings.step(`${action}: burst`, () => measureBurst(stand, action));
      }
    }),
};

async function measureDelay(stand: Stand, action: string): Promise<readonly Figure[]> {
  const { manager, fleet, options } = stand;
  const count = scaled(DELAY_EVENTS, options, 20);
  const train = { engines: [], action, count, perSecond: DELAY_RATE };
  await fleet.ask.resetCounts();
  const { latencies } = await ride(stand, manager.addr, train);
  const requests = sumOf(await fleet.ask.requestCounts()) / count;
  const own = { ...train, engines: [0] };
  // What has to be asked for after the event is part of it.
  const direct = await ride(stand, fleet.engines[0]?.addr ?? "", own, action === STATE_ACTION);
  const name = `${action}: delay`;
  return [
    {
      ...{ what: `${name}, p50`, value: latencies.p50, unit: "ms", better: "lower" },
      ...{ target: 0.7, direct: direct.latencies.p50 },
    },
    {
      ...{ what: `${name}, p99`, value: latencies.p99, unit: "ms", better: "lower" },
      ...{ target: 5, direct: direct.latencies.p99 },
    },
    { what: `${action}: requests per event`, value: requests, unit: "requests", better: "lower", target: 1 },
  ];
}

async function measureBurst(stand: Stand, action: string): Promise<readonly Figure[]> {
  const count = scaled(BURST_RATE * BURST_SECONDS, stand.options, 600);
  const train = { engines: [], action, count, perSecond: BURST_RATE };
  const { latencies, seconds } = await ride(stand, stand.manager.addr, train);
  return [
    {
      ...{ what: `${action}: burst, sustained`, value: count / seconds, unit: "/s", better: "higher" },
      // The train itself takes its time: what arrives a little after its last event has kept up.
      target: BURST_RATE * 0.95,
    },
    { what: `${action}: burst, delay p50`, value: latencies.p50, unit: "ms", better: "lower" },
    { what: `${action}: burst, delay at most`, value: latencies.max, unit: "ms", better: "lower" },
  ];
}

/**
 * Listens to `/events` while a train of them is sent.
 * @param inspects an event counts as here when its container has been inspected
 * @throws WrongAnswerError when one is missing or came twice
 */
async function ride(
  { fleet }: Stand,
  addr: string,
  train: EventTrain,
  inspects = false,
): Promise<{ latencies: Latencies; seconds: number }> {
  const latencies = new Latencies();
  const seen = new Uint8Array(train.count);
  let lastAt = 0;
  // The end of the train before may still be on its way through the manager.
  const firstMark = process.hrtime.bigint();
  const [connection, other] = await Promise.all([Connection.open(addr), Connection.open(addr)]);
  const arrived = (mark: string, number: string): void => {
    latencies.add(Number(process.hrtime.bigint() - BigInt(mark)) / 1e6);
    seen[Number(number)] = (seen[Number(number)] ?? 0) + 1;
    lastAt = performance.now();
  };
  let inspecting: Promise<unknown> = Promise.resolve();
  let rest = "";
  const take = (piece: Buffer): void => {
    const lines = (rest + piece.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const mark = /"sent":"(\d+)"/.exec(line)?.[1];
      const number = /"sequence":"(\d+)"/.exec(line)?.[1];
      if (mark === undefined || number === undefined || BigInt(mark) < firstMark) continue;
      const id = inspects ? /"id":"([0-9a-f]+)"/.exec(line)?.[1] : undefined;
      if (id === undefined) arrived(mark, number);
      else
        inspecting = inspecting
          .then(() => other.send(requestText("GET", `/containers/${id}/json`), true))
          .then(({ body }) => JSON.parse(body.toString()) as unknown)
          .then(() => arrived(mark, number));
    }
  };
  const begun = new Promise<void>((resolve, reject) => {
    connection.stream(requestText("GET", "/events"), take, resolve).catch(reject);
  });
  try {
    await begun;
    const begin = performance.now();
    await fleet.ask.sendEvents(train);
    await inspecting;
    await waitUntil("all events", () => Promise.resolve(latencies.count >= train.count ? true : undefined), {
      timeoutMs: 60_000,
    }).catch(() => undefined);
    const missing = seen.filter((count) => count === 0).length;
    const doubled = seen.filter((count) => count > 1).length;
    expectThat(missing === 0, `${missing} of ${train.count} events did not come`);
    expectThat(doubled === 0, `${doubled} of ${train.count} events came more than once`);
    return { latencies, seconds: (lastAt - begin) / 1000 };
  } finally {
    connection.close();
    other.close();
  }
}
