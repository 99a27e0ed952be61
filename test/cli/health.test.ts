import { expect } from "chai";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { inFolder } from "../health/temporary-folder.ts";
import { swarm } from "./fake-world.ts";

const now = new Date("2026-11-21T06:04:33Z");
const status = { command: "join", healthy: true, detail: "fine", at: "2026-11-21T06:04:30.000Z", pid: 1 };

describe("cli/health", () => {
  // prettier-ignore
  const cases = [
    { it: "a healthy command",              text: JSON.stringify(status),                               code: 0, says: "healthy: join: fine" },
    { it: "one that is not",                text: JSON.stringify({ ...status, healthy: false }),         code: 1, says: "unhealthy: join: fine" },
    { it: "one that has not been heard of", text: JSON.stringify({ ...status, at: "2026-11-21T06:00Z" }), code: 1, says: "unhealthy: join: no sign of life since 2026-11-21T06:00Z, the last was: fine" },
    { it: "a file of something else",       text: "{}",                                                 code: 1, says: "unhealthy: the status file holds no status" },
  ];
  for (const { it: what, text, code, says } of cases) {
    it(`ends with ${code} and one line about ${what}`, () =>
      inFolder(async (folder) => {
        const file = path.join(folder, "status");
        await writeFile(file, text);
        const outcome = await swarm("health", { env: { SWARM_HEALTH_FILE: file }, now: () => now });
        expect([outcome.code, outcome.stdout, outcome.stderr]).to.deep.equal([code, `${says}\n`, ""]);
      }));
  }

  it("ends with 1 when there is no file", async () => {
    const { code, stdout } = await swarm("health", { env: { SWARM_HEALTH_FILE: "/no/status" } });
    expect([code, stdout]).to.deep.equal([
      1,
      "unhealthy: nothing is running or it cannot write its status: open /no/status: no such file or directory\n",
    ]);
  });

  // prettier-ignore
  const errors = [
    { line: "health",   error: "SWARM_HEALTH_FILE is not set: set it to one path for what runs and for this command" },
    { line: "health x", error: "the `health` command takes no arguments. See 'swarm health --help'." },
  ];
  for (const { line, error } of errors) {
    it(`answers "${line}" on stderr: ${error}`, async () => {
      const { code, stdout, stderr } = await swarm(line);
      expect([code, stdout, stderr]).to.deep.equal([1, "", `2026/11/21 06:04:33 ${error}\n`]);
    });
  }

  it("finds a manager healthy while it serves, and its file gone after that", () =>
    inFolder(async (folder) => {
      const file = path.join(folder, "status");
      const stop = new AbortController();
      const env = { SWARM_HEALTH_FILE: file };
      const running = swarm("manage a:1", { env, stop, app: { stop: false }, now: () => now });
      while (!existsSync(file)) await new Promise(setImmediate);
      expect(JSON.parse(await readFile(file, "utf8"))).to.include({
        command: "manage",
        healthy: true,
        detail: "serving",
      });
      const { stdout } = await swarm("health", { env, now: () => now });
      expect(stdout).to.equal("healthy: manage: serving\n");
      stop.abort();
      await running;
      expect(existsSync(file)).to.equal(false);
    }));
});
