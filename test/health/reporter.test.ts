import { expect } from "chai";
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { pino } from "pino";
import { reportHealth } from "../../src/health/reporter.ts";
import { readStatus } from "../../src/health/status-file.ts";
import type { Health, HealthStatus } from "../../src/health/types.ts";
import { inFolder } from "./temporary-folder.ts";

/** One reporter whose seconds pass when the test says so. */
function startReport(file: string | undefined): {
  readonly report: AsyncDisposable;
  /** Lets the reporter look once more, and ends when it has. */
  readonly second: () => Promise<void>;
  readonly state: { health: Health };
  readonly logged: string[];
} {
  const state = { health: { healthy: true, detail: "fine" } as Health };
  const logged: string[] = [];
  let seconds = 0;
  let wake = (): void => undefined;
  let onPause = (): void => undefined;
  let paused = new Promise<void>((resolve) => (onPause = resolve));
  const report = reportHealth({
    path: file,
    command: "join",
    health: () => state.health,
    log: pino({}, { write: (line: string) => logged.push((JSON.parse(line) as { msg: string }).msg) }),
    now: () => new Date(Date.UTC(2026, 10, 21, 6, 4, seconds)),
    pause: (_ms, signal) =>
      new Promise((resolve) => {
        wake = () => {
          signal.removeEventListener("abort", wake);
          resolve();
        };
        signal.addEventListener("abort", wake);
        if (signal.aborted) wake();
        onPause();
      }),
  });
  const second = async (): Promise<void> => {
    await paused;
    seconds++;
    paused = new Promise<void>((resolve) => (onPause = resolve));
    wake();
    await paused;
  };
  return { report, second, state, logged };
}

const read = async (file: string): Promise<HealthStatus> =>
  JSON.parse(await readFile(file, "utf8")) as HealthStatus;

describe("health/reporter", () => {
  it("writes the status at once, then every five seconds", () =>
    inFolder(async (folder) => {
      const file = path.join(folder, "status");
      const { report, second } = startReport(file);
      const times: string[] = [];
      for (let i = 0; i < 11; i++) {
        await second();
        times.push((await read(file)).at.slice(17, 19));
      }
      expect(times.join(" ")).to.equal("00 00 00 00 05 05 05 05 05 10 10");
      expect(await read(file)).to.deep.equal({
        command: "join",
        healthy: true,
        detail: "fine",
        at: "2026-11-21T06:04:10.000Z",
        pid: process.pid,
      });
      await report[Symbol.asyncDispose]();
    }));

  it("writes a change within a second", () =>
    inFolder(async (folder) => {
      const file = path.join(folder, "status");
      const { report, second, state } = startReport(file);
      await second();
      state.health = { healthy: false, detail: "fine" };
      await second();
      expect(await read(file)).to.include({ healthy: false });
      state.health = { healthy: false, detail: "worse" };
      await second();
      expect(await read(file)).to.include({ detail: "worse" });
      await report[Symbol.asyncDispose]();
    }));

  it("leaves nothing behind", () =>
    inFolder(async (folder) => {
      const { report, second } = startReport(path.join(folder, "status"));
      await second();
      expect(await readdir(folder)).to.deep.equal(["status"]);
      await report[Symbol.asyncDispose]();
      expect(await readdir(folder)).to.deep.equal([]);
    }));

  it("warns once when it cannot write, tries on, and warns of the next trouble anew", () =>
    inFolder(async (folder) => {
      const home = path.join(folder, "home");
      const { report, second, logged } = startReport(path.join(home, "status"));
      await second();
      await second();
      expect(logged).to.deep.equal([
        `cannot write $SWARM_HEALTH_FILE: open ${home}/status: no such file or directory`,
      ]);
      await mkdir(home);
      await second();
      expect(await readdir(home)).to.deep.equal(["status"]);
      await rm(home, { recursive: true });
      for (let i = 0; i < 6; i++) await second();
      expect(logged).to.have.length(2);
      await report[Symbol.asyncDispose]();
    }));

  it("does not follow a link that somebody left in its way", () =>
    inFolder(async (folder) => {
      const victim = path.join(folder, "victim");
      await writeFile(victim, "precious");
      const file = path.join(folder, "status");
      await symlink(victim, file);
      await symlink(victim, `${file}.${process.pid}.new`);
      const { report, second, logged } = startReport(file);
      await second();
      expect(logged).to.deep.equal([]);
      expect(await readFile(victim, "utf8")).to.equal("precious");
      expect(await read(file)).to.include({ healthy: true });
      await report[Symbol.asyncDispose]();
      expect(await readdir(folder)).to.deep.equal(["victim"]);
    }));

  it("writes a file that all may read and only its owner write", () =>
    inFolder(async (folder) => {
      const file = path.join(folder, "status");
      const before = process.umask(0);
      const { report, second } = startReport(file);
      await second();
      process.umask(before);
      expect((await stat(file)).mode & 0o777).to.equal(0o644);
      await report[Symbol.asyncDispose]();
    }));

  for (const nowhere of [undefined, ""]) {
    it(`does nothing without a path (${JSON.stringify(nowhere)})`, async () => {
      const { report, logged } = startReport(nowhere);
      await report[Symbol.asyncDispose]();
      expect(logged).to.deep.equal([]);
    });
  }
});

describe("health/status-file", () => {
  it("names what cannot be read", () =>
    inFolder(async (folder) => {
      const errors: string[] = [];
      for (const file of [folder, path.join(folder, "none")]) {
        await readStatus(file).catch((error: unknown) => errors.push((error as Error).message));
      }
      expect(errors).to.deep.equal([
        `read ${folder}: is a directory`,
        `open ${folder}/none: no such file or directory`,
      ]);
    }));

  it("reads no more than a status can be long", () =>
    inFolder(async (folder) => {
      const file = path.join(folder, "huge");
      await writeFile(file, "x".repeat(1 << 20));
      expect(await readStatus(file)).to.have.length(16 * 1024);
    }));
});
