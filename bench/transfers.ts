/**
 * How much memory the manager needs while an image archive goes through it, with real engines: `npm run bench -- transfers [megabytes]`.
 * Linux and root only.
 */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { request, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Lab } from "../test/lab/lab.ts";
import { ensureSystem } from "../test/lab/system.ts";
import { Manager } from "../test/live/support/manager.ts";

/** What one transfer cost. */
export interface TransferFigure {
  readonly what: string;
  readonly megabytes: number;
  readonly seconds: number;
  /** The manager's peak resident memory during the transfer, over what it had before; MiB. */
  readonly growthMiB: number;
  /** What {@link growthMiB} must stay below; undefined: nothing is asked. */
  readonly limitMiB: number | undefined;
}

const LOAD_LIMIT_MIB = 64;
const SAVE_LIMIT_MIB = 32;
/** For how long the slow engine stands still in the middle of its upload. */
const STANDSTILL_MS = 5_000;

type Step = (what: string, limitMiB: number | undefined, transfer: () => Promise<unknown>) => Promise<void>;

/** Loads archives of so many megabytes of noise to three engines, once with one that stands still, and saves one again. */
export async function measureTransfers(megabytes = 500): Promise<readonly TransferFigure[]> {
  await ensureSystem({ install: false, log: console.error });
  const engines = ["node-1", "node-2", "node-3"].map((name) => ({ name }));
  await using lab = await Lab.create({ engines, log: console.error });
  const figures: TransferFigure[] = [];
  const withFreshManager = async (work: (manager: Manager, step: Step) => Promise<void>): Promise<void> => {
    await using manager = await Manager.start(lab);
    await work(manager, async (what, limitMiB, transfer) => {
      figures.push(await measure(manager.pid, { what, megabytes, limitMiB }, transfer));
    });
  };
  const load = (url: string, tag: string, atHalf?: () => unknown): Promise<void> =>
    upload(`${url}/images/load?quiet=1`, archive(tag, megabytes, atHalf));

  await withFreshManager(async ({ http }, step) => {
    await step("load to one engine, past the manager", undefined, () =>
      load(urlOf(lab, "node-1"), "bench:0"),
    );
    await step("load to three engines", LOAD_LIMIT_MIB, () => load(http, "bench:1"));
    await step("the same again", LOAD_LIMIT_MIB, () => load(http, "bench:2"));
  });
  await withFreshManager(async ({ http }, step) => {
    const slow = lab.engine("node-2");
    let standstill: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      slow.pause();
      await sleep(STANDSTILL_MS);
      slow.unpause();
    };
    await step(`load, one of three stands still for ${STANDSTILL_MS / 1000} s`, LOAD_LIMIT_MIB, () =>
      load(http, "bench:3", () => (standstill ??= stop())),
    );
    await standstill;
  });
  for (const tag of ["bench:1", "bench:2", "bench:3"]) await expectEverywhere(lab, tag);
  await withFreshManager(async ({ http }, step) => {
    const path = "/images/get?names=bench:1";
    await step("save, past the manager", undefined, () => download(`${urlOf(lab, "node-1")}${path}`));
    await step("save", SAVE_LIMIT_MIB, () => download(`${http}${path}`));
    await step("the same again ", SAVE_LIMIT_MIB, () => download(`${http}${path}`));
  });
  return figures;
}

const urlOf = (lab: Lab, name: string): string => `http://${lab.engine(name).addr}`;

async function expectEverywhere(lab: Lab, tag: string): Promise<void> {
  for (const engine of lab.engines) {
    const { code } = await engine.docker(["image", "inspect", tag]);
    if (code !== 0) throw new Error(`${engine.name} did not get ${tag}`);
  }
}

/** Watches a process while something goes through it. */
async function measure(
  pid: number,
  what: Pick<TransferFigure, "what" | "megabytes" | "limitMiB">,
  transfer: () => Promise<unknown>,
): Promise<TransferFigure> {
  writeFileSync(`/proc/${pid}/clear_refs`, "5"); // begins the peak anew
  const before = memoryMiB(pid, "VmRSS");
  const begin = performance.now();
  await transfer();
  const seconds = (performance.now() - begin) / 1000;
  return { ...what, seconds, growthMiB: memoryMiB(pid, "VmHWM") - before };
}

function memoryMiB(pid: number, key: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
}

/** Sends a body in pieces of 32 KiB, as the docker client does, and fails when the answer tells of an error. */
async function upload(url: string, body: Iterable<Buffer>): Promise<void> {
  const call = request(url, { method: "POST", agent: false });
  Readable.from(body, { objectMode: false }).pipe(call);
  const [response] = (await once(call, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response) text += String(chunk);
  if (response.statusCode !== 200 || text.includes('"error"')) throw new Error(`${url}: ${text}`);
}

async function download(url: string): Promise<void> {
  const call = request(url, { agent: false }).end();
  const [response] = (await once(call, "response")) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`${url}: ${String(response.statusCode)}`);
  for await (const _chunk of response) continue;
}

const PIECE_BYTES = 32 << 10;

/** An image with one layer of noise, as `docker save` would write it; never whole in memory. @param atHalf called half-way */
function* archive(tag: string, megabytes: number, atHalf?: () => unknown): Generator<Buffer> {
  const layerId = "layer/layer.tar";
  const noiseBytes = megabytes * 1_000_000;
  const padding = Buffer.alloc(-noiseBytes & 511);
  const trailer = Buffer.alloc(1024);
  const layerBytes = 512 + noiseBytes + padding.length + trailer.length;
  yield tarHeader(layerId, layerBytes);
  const digest = createHash("sha256");
  const head = tarHeader("noise", noiseBytes);
  digest.update(head);
  yield head;
  for (let left = noiseBytes; left > 0; left -= PIECE_BYTES) {
    const piece = randomBytes(Math.min(left, PIECE_BYTES));
    digest.update(piece);
    yield piece;
    if (left < noiseBytes / 2) atHalf?.();
  }
  const end = Buffer.concat([padding, trailer]);
  digest.update(end);
  yield Buffer.concat([end, Buffer.alloc(-layerBytes & 511)]);
  const rootfs = { type: "layers", diff_ids: [`sha256:${digest.digest("hex")}`] };
  const config = { architecture: "amd64", os: "linux", config: { Cmd: ["/noise"] }, rootfs };
  yield tarFile("config.json", JSON.stringify(config));
  yield tarFile(
    "manifest.json",
    JSON.stringify([{ Config: "config.json", RepoTags: [tag], Layers: [layerId] }]),
  );
  yield trailer;
}

function tarFile(name: string, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([tarHeader(name, bytes.length), bytes, Buffer.alloc(-bytes.length & 511)]);
}

function tarHeader(name: string, bytes: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${bytes.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        0", 148); // the checksum counts as blanks; a plain file
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** A table, then JSON. @returns whether every transfer stayed below its limit */
export function printTransfers(figures: readonly TransferFigure[]): boolean {
  console.table(
    Object.fromEntries(
      figures.map(({ what, megabytes, seconds, growthMiB, limitMiB }) => [
        what,
        {
          seconds: seconds.toFixed(1),
          "MB/s": (megabytes / seconds).toFixed(0),
          "growth, MiB": growthMiB.toFixed(1),
          "limit, MiB": limitMiB ?? "–",
        },
      ]),
    ),
  );
  console.log(JSON.stringify({ transfers: figures }));
  return figures.every(({ growthMiB, limitMiB = Infinity }) => growthMiB < limitMiB);
}
