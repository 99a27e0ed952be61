import { Connection } from "../client/connection.ts";
import { median } from "../client/latencies.ts";
import { requestText } from "../client/request-text.ts";
import { bulkBlock, DISCARD_LABEL, isBulk, LOG_BYTES_LABEL } from "../fleet/bulk.ts";
import { expectThat, type Figure } from "../harness/figures.ts";
import { scaled } from "../harness/options.ts";
import { cpuSeconds } from "../harness/process-figures.ts";
import { withStand, type Stand } from "../harness/stand.ts";
import { addrOf, runContainer } from "./bench-container.ts";
import type { Section } from "./types.ts";

/** Of one round, in all its streams together. */
const BYTES = 4_000_000_000;
/** Through the manager and past it, by turns; the figures are medians. */
const ROUNDS = 5;
const WARM_UP_BYTES = 200_000_000;

/** Moves so many bytes to or from a container. */
type Transfer = (addr: string, id: string, bytes: number) => Promise<void>;

/** Big answers and big uploads. */
export const streamsSection: Section = {
  name: "streams",
  about: "throughput of one stream, of four, and of an upload, beside the same straight to the engine",
  run: (options, findings) =>
    withStand(options, {}, async (stand) => {
      const kinds = [
        { what: "one stream", streams: 1, transfer: download, targetShare: 0.44 },
        { what: "four streams", streams: 4, transfer: download, targetShare: 0.37 },
        { what: "upload", streams: 1, transfer: upload, targetShare: 0.5 },
      ];
      for (const kind of kinds) {
        if (kind.what.includes(options.only)) await findings.step(kind.what, () => measure(stand, kind));
      }
    }),
};

interface Kind {
  readonly what: string;
  readonly streams: number;
  readonly transfer: Transfer;
  /** What the original reached of the direct figure. */
  readonly targetShare: number;
}

async function measure(stand: Stand, kind: Kind): Promise<readonly Figure[]> {
  const { manager, fleet, options } = stand;
  const { what, streams, transfer, targetShare } = kind;
  const bytes = Math.floor(scaled(BYTES, options, 1_000_000) / streams);
  const warmUp = Math.min(WARM_UP_BYTES, bytes);
  const labels = (length: number): Record<string, string> => ({
    [LOG_BYTES_LABEL]: String(length),
    [DISCARD_LABEL]: "1",
  });
  const warm = await runContainer(manager.addr, { name: "bench-warm", labels: labels(warmUp) });
  const id = await runContainer(manager.addr, { name: "bench-bulk", labels: labels(bytes) });
  const rate = async (addr: string): Promise<number> => {
    const begin = performance.now();
    await Promise.all(Array.from({ length: streams }, () => transfer(addr, id, bytes)));
    return (bytes * streams) / 1e6 / ((performance.now() - begin) / 1000);
  };
  try {
    const through: number[] = [];
    const direct: number[] = [];
    let cpu = 0;
    await transfer(manager.addr, warm, warmUp);
    await transfer(await addrOf(fleet, warm), warm, warmUp);
    // By turns: the machine is not as fast in one second as in the next.
    for (let round = 0; round < ROUNDS; round++) {
      const before = cpuSeconds(manager.pid);
      through.push(await rate(manager.addr));
      cpu += cpuSeconds(manager.pid) - before;
      direct.push(await rate(await addrOf(fleet, id)));
    }
    return [
      {
        ...{ what, value: median(through), unit: "MB/s", better: "higher" },
        ...{ target: targetShare * median(direct), direct: median(direct) },
      },
      {
        what: `${what}, processor time`,
        value: cpu / ROUNDS / ((bytes * streams) / 1e9),
        unit: "s/GB",
        better: "lower",
      },
    ];
  } finally {
    await fleet.ask.removeLabelled("bench");
  }
}

const download: Transfer = async (addr, id, bytes) => {
  const connection = await Connection.open(addr);
  let at = 0;
  let broken: number | undefined;
  const take = (piece: Buffer): void => {
    if (!isBulk(piece, at)) broken ??= at;
    at += piece.length;
  };
  try {
    const { status } = await connection.stream(requestText("GET", `/containers/${id}/logs?stdout=1`), take);
    expectThat(status === 200 && at === bytes, `status ${status}, ${at} of ${bytes} bytes`);
    expectThat(broken === undefined, `the stream is broken at byte ${broken ?? 0}`);
  } finally {
    connection.close();
  }
};

const upload: Transfer = async (addr, id, bytes) => {
  const connection = await Connection.open(addr);
  const path = `/containers/${id}/archive?path=/`;
  const head = `PUT ${path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-tar\r\nContent-Length: ${bytes}\r\n\r\n`;
  try {
    const { status, body } = await connection.upload(head, bulkBlock(), bytes);
    expectThat(status === 200, `upload: ${status} ${body.toString()}`);
  } finally {
    connection.close();
  }
};
