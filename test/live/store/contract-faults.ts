import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import type { Open } from "./contract.ts";
import { Relay } from "./relay.ts";
import { rejection, until, Watched } from "./under-test.ts";
import type { FaultyServer, StoreUnderTest } from "./under-test.ts";

/** For stores on a server: it dies, stands still, forgets; and so do programs that use it. */
export function survivesFaults(given: () => StoreUnderTest, open: Open): void {
  const server = (): FaultyServer => given().server!;

  afterEach(async () => {
    server().thaw();
    if (!server().running) await server().restart();
  });

  it("a watch outlives its server: it reports the failure, then the state, then goes on", async () => {
    const [store, other] = [await open(), await open()];
    await other.put("nodes/a", "1");
    const watched = new Watched(store, { folder: "nodes" });
    await watched.sees(["1"]);
    await server().kill();
    const failed = await watched.fails();
    await refusedQuickly(other.put("nodes/b", "lost"));
    await server().restart();
    const back = await watched.sees(["1"], failed);
    await untilDone(() => other.put("nodes/b", "2"));
    await watched.sees(["1", "2"], back);
    await watched.stop();
  });

  it("a watch outlives a server that stands still, and calls to it end in time", async () => {
    const [store, other] = [await open(), await open()];
    await other.put("nodes/a", "1");
    const watched = new Watched(store, { folder: "nodes" });
    await watched.sees(["1"]);
    server().freeze();
    await refusedQuickly(other.get("nodes/a"));
    const failed = await watched.fails();
    server().thaw();
    const back = await watched.sees(["1"], failed);
    await untilDone(() => other.put("nodes/b", "2"));
    await watched.sees(["1", "2"], back);
    await watched.stop();
  });

  it("a watch goes on when the history it would go on from is gone", async function () {
    const { compact } = given();
    const [store, other] = [await open(), await open()];
    await other.put("n/a", "1");
    const stop = new AbortController();
    const updates = store.watch({ folder: "n" }, stop.signal)[Symbol.asyncIterator]();
    await updates.next();
    await other.put("n/a", "2");
    await compact?.();
    const { value } = (await updates.next()) as { value: unknown };
    expect(value).to.have.property("kind", "state");
    expect(value).to.have.nested.property("entries.0.value", "2");
    stop.abort();
    await updates.next();
  });

  it("a holder that is cut off from the server gives the lock up before anyone else has it", async () => {
    await using relay = await Relay.start(given().address!);
    const [a, b] = [await open({ address: relay.address }), await open()];
    const options = { ttlMs: given().lockTtlMs };
    const lock = await a.lock("leader", "a", options);
    const happened: string[] = [];
    lock.lost.addEventListener("abort", () => happened.push("a lost it"));
    const waiting = b.lock("leader", "b", options).then(() => happened.push("b has it"));
    relay.cut();
    await waiting;
    expect(happened).to.deep.equal(["a lost it", "b has it"]);
    relay.mend();
    // What a left behind does not hurt b, and a gets its turn again.
    const again = a.lock("leader", "a", options);
    await b.close();
    expect((await again).held()).to.equal(true);
  });

  for (const fault of ["stands still", "dies"] as const) {
    it(`when the server ${fault}, the holder of a lock gives it up before anyone else has it`, async () => {
      const [a, b] = [await open(), await open()];
      const options = { ttlMs: given().lockTtlMs };
      const lock = await a.lock("leader", "a", options);
      const happened: string[] = [];
      lock.lost.addEventListener("abort", () => happened.push("a lost it"));
      const waiting = b.lock("leader", "b", options).then((taken) => {
        happened.push(`b has it; does a hold it? ${String(lock.held())}`);
        return taken;
      });
      const begin = performance.now();
      if (fault === "dies") await server().kill();
      else server().freeze();
      await until("the lock is lost", () => lock.lost.aborted);
      expect(performance.now() - begin).to.be.lessThan(options.ttlMs + 500);
      if (fault === "dies") await server().restart();
      else server().thaw();
      const taken = await waiting;
      expect(happened).to.deep.equal(["a lost it", "b has it; does a hold it? false"]);
      expect(taken.held()).to.equal(true);
    });
  }

  it("a holder that is stopped loses the lock to another one, and knows it when it goes on", async () => {
    const store = await open({ prefix: "stopped" });
    await using program = await Program.start(given(), "stopped");
    expect(await program.ask("lock")).to.equal("locked");
    expect((await store.get("leader"))?.value).to.equal("program");
    program.child.kill("SIGSTOP");
    const lock = await store.lock("leader", "test", { ttlMs: given().lockTtlMs });
    program.child.kill("SIGCONT");
    expect(await program.ask("held")).to.equal("false");
    expect(lock.held()).to.equal(true);
    expect(await program.ask("close")).to.equal("closed");
    await until("the program ends by itself, for nothing is left open", () => program.child.exitCode === 0);
    expect((await store.get("leader"))?.value).to.equal("test");
  });
}

async function refusedQuickly(call: Promise<unknown>): Promise<void> {
  const begin = performance.now();
  expect((await rejection(call)).kind).to.equal("unreachable");
  expect(performance.now() - begin).to.be.lessThan(1500);
}

/** A server that has just come back may need a moment, and so may a client. */
async function untilDone(write: () => Promise<unknown>): Promise<void> {
  await until("the store takes a write", () =>
    write().then(
      () => true,
      () => false,
    ),
  );
}

/** Another program with the same store, driven line by line. */
class Program implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.child = child;
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  static async start({ url, options, lockTtlMs }: StoreUnderTest, prefix: string): Promise<Program> {
    const script = path.join(import.meta.dirname, "program.ts");
    const args = [`${url!}/${prefix}`, JSON.stringify(options ?? {}), String(lockTtlMs)];
    const child = spawn(process.execPath, ["--import", "tsx", script, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const program = new Program(child);
    expect(await program.#next()).to.equal("ready");
    return program;
  }

  async ask(question: string): Promise<string> {
    this.child.stdin?.write(`${question}\n`);
    return await this.#next();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
  }

  async #next(): Promise<string> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error("the program ended");
    return line.value;
  }
}
