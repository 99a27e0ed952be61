import { setTimeout as sleep } from "node:timers/promises";
import { openHijacked, upgradeText, type Hijacked } from "../client/hijacked.ts";
import { expectThat, type Figure } from "../harness/figures.ts";
import { scaled } from "../harness/options.ts";
import { openFiles, rssMiB } from "../harness/process-figures.ts";
import { withStand, type Stand } from "../harness/stand.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { seededPicks } from "./picks.ts";
import type { Section } from "./types.ts";

const STREAMS = 1_000;
/** Connections opened at once. */
const AT_ONCE = 50;
const SETTLE_MS = 1_000;
const SETTLE_ROUNDS = 30;

/** Clients that are attached and say nothing. */
export const attachedSection: Section = {
  name: "attached",
  about: "memory of 1,000 idle attached streams, and what is left of it when they are closed",
  run: (options, findings) =>
    withStand(options, {}, async (stand) => {
      await findings.step("attached", () => measure(stand));
    }),
};

async function measure(stand: Stand): Promise<readonly Figure[]> {
  const count = scaled(STREAMS, stand.options, 20);
  // The first ones warm up what all later ones share.
  await closeAll(stand, await openAll(stand, count));
  await settled(stand);
  const before = await figures(stand);
  await stand.fleet.ask.resetCounts();
  const streams = await openAll(stand, count);
  await sleep(500);
  const during = await figures(stand);
  const { "POST /containers/:id/attach": attached = 0 } = await stand.fleet.ask.requestCounts();
  expectThat(attached === count, `engines were asked for ${attached} streams, clients opened ${count}`);
  expectThat(!streams.some(({ socket }) => socket.destroyed), "a stream was closed");
  await closeAll(stand, streams);
  const after = await figures(stand);
  // Besides, connections to engines that nobody uses are closed after a while.
  const closed = during.files - after.files;
  expectThat(closed >= 1.9 * count, `${closed} files were closed with ${count} streams`);
  const each = (mib: number): number => (mib * 1024) / count;
  const kib = { unit: "KiB", better: "lower" } as const;
  return [
    { what: "heap of each stream", value: each(during.heap - before.heap), ...kib, target: 30 },
    { what: "resident memory of each stream", value: each(during.rss - before.rss), ...kib, target: 30 },
    { what: "heap kept after closing, each", value: each(after.heap - before.heap), ...kib, target: 1 },
    { what: "resident memory kept, each", value: each(after.rss - before.rss), ...kib },
  ];
}

/** Waits until the manager's idle connections to engines have gone, or stay. */
async function settled({ manager }: Stand): Promise<void> {
  let before = NaN;
  for (let left = SETTLE_ROUNDS; left > 0 && openFiles(manager.pid) !== before; left--) {
    before = openFiles(manager.pid);
    await sleep(SETTLE_MS);
  }
}

async function figures({ manager }: Stand): Promise<{ heap: number; rss: number; files: number }> {
  const { heapMiB } = await manager.inside();
  return { heap: heapMiB, rss: rssMiB(manager.pid), files: openFiles(manager.pid) };
}

/** Streams to containers all over the fleet. */
async function openAll({ manager, fleet }: Stand, count: number): Promise<readonly Hijacked[]> {
  const picks = seededPicks(await fleet.ask.containers(), count);
  const opened: Hijacked[] = [];
  const worker = async (): Promise<void> => {
    for (let next = picks.pop(); next; next = picks.pop()) {
      const path = `/containers/${next.id}/attach?stream=1&stdout=1`;
      opened.push(await openHijacked(manager.addr, upgradeText(path)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return opened;
}

/** Closes them and waits until the manager has done so, too. */
async function closeAll({ manager }: Stand, streams: readonly Hijacked[]): Promise<void> {
  const open = openFiles(manager.pid);
  // With a reset: after a mere FIN the client might go on listening, and only the engine could end the stream.
  for (const { socket } of streams) socket.resetAndDestroy();
  await waitUntil("the manager's sockets closed", () =>
    Promise.resolve(openFiles(manager.pid) <= open - 1.9 * streams.length ? true : undefined),
  ).catch(() => undefined);
  await sleep(500);
}
