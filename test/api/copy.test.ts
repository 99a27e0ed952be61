import type { Readable } from "node:stream";
import { expect } from "chai";
import { ImageCopies } from "../../src/api/images/copy.ts";
import type { Engine } from "../../src/cluster/engine.ts";
import {
  EngineResponseError,
  EngineUnreachableError,
  type EngineStreamCall,
} from "../../src/docker/engine-client.ts";
import { until } from "./support.ts";

const never = new AbortController().signal;
const bytes = (text: string) => Buffer.from(text);

interface Sides {
  readonly save?: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
  readonly load?: (upload: Readable, signal: AbortSignal) => AsyncIterable<Uint8Array>;
}

/** An engine as far as copies use it; `calls` are the paths it was asked for. */
function engine(name: string, { save, load }: Sides = {}) {
  const calls: string[] = [];
  const failures: unknown[] = [];
  let refreshed = 0;
  const refreshImages = (): Promise<void> => {
    refreshed++;
    return Promise.resolve();
  };
  const stream = ({ method, path, upload, signal = never }: EngineStreamCall) => {
    calls.push(`${method} ${path}`);
    try {
      if (upload === undefined) return Promise.resolve((save ?? archive)(signal));
      return Promise.resolve((load ?? reader)(upload, signal));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const fake = {
    ...{ name, addr: `${name}:2375`, calls, failures, client: { stream } },
    cache: { refreshImages },
    versionedPath: (_: unknown, path: string) => path,
    noteFailure: (error: unknown) => failures.push(error),
    refreshed: () => refreshed,
  };
  return fake as unknown as Engine & typeof fake;
}

async function* archive(): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield bytes("tar");
}

/** Takes everything in and says so. */
async function* reader(upload: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const parts: Buffer[] = [];
  const gone = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () =>
      reject(new EngineUnreachableError("the request was cancelled", "ECANCELED")),
    ),
  );
  const read = (async () => {
    for await (const part of upload as AsyncIterable<Buffer>) parts.push(part);
  })();
  await Promise.race([read, gone]);
  yield bytes(`{"stream":"Loaded ${Buffer.concat(parts).toString()}"}\r\n`);
}

async function* silence(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  await new Promise((_, reject) =>
    signal.addEventListener("abort", () =>
      reject(new EngineUnreachableError("the request was cancelled", "ECANCELED")),
    ),
  );
  yield bytes("");
}

const refusing = (message: string) => (): never => {
  throw new EngineResponseError(500, message);
};

async function messageOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("should have failed");
}

describe("api/images/copy", () => {
  it("streams an archive from a holder to the node, by name, and then knows it", async () => {
    const [from, to] = [engine("node-1"), engine("node-2")];
    await new ImageCopies().copy({ holders: [from], to, reference: "team/app:1" }, never);
    expect(from.calls).to.deep.equal(["GET /images/get?names=team%2Fapp%3A1"]);
    expect(to.calls).to.deep.equal(["POST /images/load?quiet=0"]);
    expect(to.refreshed()).to.equal(1);
  });

  it("takes the next holder when one refuses, or breaks off midway, and blames the right one", async () => {
    const cut = engine("node-2", {
      async *save() {
        yield bytes("ta");
        await Promise.resolve();
        throw new EngineUnreachableError("reset", "ECONNRESET");
      },
    });
    const ended: string[] = [];
    const to = engine("node-9", {
      load: (upload, signal) => {
        upload.once("end", () => ended.push("end"));
        return reader(upload, signal);
      },
    });
    const refused = engine("node-1", { save: refusing("no such image") });
    await new ImageCopies().copy(
      { holders: [refused, cut, engine("node-3")], to, reference: "app:1" },
      never,
    );
    expect(to.calls).to.have.length(2);
    expect(ended, "a cut archive must not look complete").to.have.length(1);
    expect(cut.failures).to.have.length(1);
    expect(to.failures).to.deep.equal([]);

    const copy = { holders: [refused, cut], to, reference: "app:1" };
    expect(await messageOf(new ImageCopies().copy(copy, never))).to.equal(
      "cannot copy image app:1 to node-9: node-1: no such image; node-2: reset",
    );
  });

  it("does not ask another holder when the node itself fails", async () => {
    const broken = {
      "node-9: no space left": engine("node-9", { load: refusing("no space left") }),
      "node-9: archive/tar: invalid": engine("node-9", {
        async *load() {
          await Promise.resolve();
          yield bytes('{"errorDetail":{"message":"archive/tar: invalid"},"error":"archive/tar: invalid"}');
        },
      }),
    };
    for (const [text, to] of Object.entries(broken)) {
      const second = engine("node-2");
      const copy = { holders: [engine("node-1"), second], to, reference: "app:1" };
      expect(await messageOf(new ImageCopies().copy(copy, never))).to.equal(
        `cannot copy image app:1 to node-9: ${text}`,
      );
      expect(second.calls).to.deep.equal([]);
    }
  });

  it("ends the upload with an error when the node answers before it has taken all, or its connection would stay open", async () => {
    const uploads: Readable[] = [];
    const to = engine("node-9", {
      load: (upload) => {
        uploads.push(upload);
        throw new EngineResponseError(500, "no space left");
      },
    });
    await messageOf(new ImageCopies().copy({ holders: [engine("node-1")], to, reference: "app:1" }, never));
    expect(uploads.map(({ destroyed, errored }) => [destroyed, errored?.message])).to.deep.equal([
      [true, "the engine wants no more of the upload"],
    ]);
  });

  it("gives up on a copy that stands still, and tries the next holder", async () => {
    const frozen = engine("node-1", { save: silence });
    const to = engine("node-9");
    await new ImageCopies({ stallMs: 30 }).copy(
      { holders: [frozen, engine("node-2")], to, reference: "a:1" },
      never,
    );
    const copy = { holders: [frozen], to, reference: "a:1" };
    expect(await messageOf(new ImageCopies({ stallMs: 30 }).copy(copy, never))).to.match(
      /^cannot copy image a:1 to node-9: node-1: no progress for /,
    );
    const stuck = engine("node-8", { load: (_, signal) => silence(signal) });
    expect(
      await messageOf(
        new ImageCopies({ stallMs: 30 }).copy(
          { ...copy, holders: [engine("node-2"), frozen], to: stuck },
          never,
        ),
      ),
    ).to.match(/^cannot copy image a:1 to node-8: node-8: no progress for [^;]*$/);
    expect(frozen.failures, "it was us who hung up").to.deep.equal([]);
  });

  it("copies once for all who wait, and as long as one of them does", async () => {
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const signals: AbortSignal[] = [];
    const from = engine("node-1", {
      async *save(signal) {
        signals.push(signal);
        await gate;
        yield bytes("tar");
      },
    });
    const to = engine("node-9");
    const copies = new ImageCopies();
    const leaves = new AbortController();
    const copy = { holders: [from], to, reference: "a:1" };
    const first = messageOf(copies.copy(copy, leaves.signal));
    const second = copies.copy(copy, never);
    await until(() => to.calls.length === 1);
    leaves.abort();
    expect(await first).to.match(/given up/);
    expect(signals[0]?.aborted).to.equal(false);
    go();
    await second;
    expect(from.calls).to.have.length(1);
  });

  it("ends when the last one leaves, and begins anew for who comes then", async () => {
    let silent = true;
    const aborted: AbortSignal[] = [];
    const from = engine("node-1", {
      save: (signal) => {
        signal.addEventListener("abort", () => aborted.push(signal));
        return silent ? silence(signal) : archive();
      },
    });
    const to = engine("node-9");
    const copies = new ImageCopies();
    const leaves = new AbortController();
    const copy = { holders: [from], to, reference: "a:1" };
    const first = messageOf(copies.copy(copy, leaves.signal));
    await until(() => to.calls.length === 1);
    leaves.abort();
    await first;
    await until(() => aborted.length === 1);
    silent = false;
    await copies.copy(copy, never);
    expect(from.calls).to.have.length(2);
  });

  it("keeps the others waiting while as many run as may", async () => {
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const from = engine("node-1", {
      async *save() {
        await gate;
        yield bytes("tar");
      },
    });
    const copies = new ImageCopies({ atOnce: 2 });
    const targets = ["node-7", "node-8", "node-9"].map((name) => engine(name));
    const all = targets.map((to) => copies.copy({ holders: [from], to, reference: "a:1" }, never));
    await until(() => from.calls.length === 2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(from.calls).to.have.length(2);
    go();
    await Promise.all(all);
    expect(from.calls).to.have.length(3);
  });
});
