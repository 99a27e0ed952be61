import { expect } from "chai";
import { startHub } from "../discovery/token-hub.ts";
import { startCommand } from "./command-bench.ts";

const at = "2026/11/21 06:04:33";
const token = "0123456789abcdef0123456789abcdef";

async function outcome(
  line: string,
  env: NodeJS.ProcessEnv = {},
): Promise<readonly [code: number, stdout: string, stderr: string]> {
  const command = startCommand(line.split(" "), env);
  return [await command.code, command.stdout(), command.stderr()];
}

describe("cli/create", () => {
  // prettier-ignore
  const ways = [
    { it: "--service",                 line: "create --service URL/v1",                                                   env: {} },
    { it: "--discovery-opt",           line: "c --discovery-opt token.service=URL/v1/",                                    env: {} },
    { it: "the environment",           line: "create",                                                                    env: { SWARM_DISCOVERY_SERVICE: "URL/v1" } },
    { it: "an option before the environment", line: "create --discovery-opt token.service=URL/v1",                        env: { SWARM_DISCOVERY_SERVICE: "http://127.0.0.1:1" } },
    { it: "--service before all",      line: "create --service URL/v1 --discovery-opt token.service=http://127.0.0.1:1", env: { SWARM_DISCOVERY_SERVICE: "http://127.0.0.1:1" } },
  ];
  for (const c of ways) {
    it(`prints the token of the service named by ${c.it}, and the notice elsewhere`, async () => {
      await using hub = await startHub();
      hub.answer = () => ({ body: token });
      const url = `http://127.0.0.1:${hub.port}`;
      const env = Object.fromEntries(
        Object.entries(c.env).map(([name, value]) => [name, value.replace("URL", url)]),
      );
      const [code, stdout, stderr] = await outcome(c.line.replace("URL", url), env);
      expect([code, stdout]).to.deep.equal([0, `${token}\n`]);
      expect(stderr.split("\n")[0]).to.equal(
        "Token based discovery is now deprecated and might be removed in the future.",
      );
      expect(stderr.split("\n").length).to.be.greaterThan(2);
      expect(hub.asked).to.deep.equal(["POST /v1/clusters"]);
    });
  }

  // prettier-ignore
  const errors = [
    { line: "create x",                                 error: "the `create` command takes no arguments. See 'swarm create --help'." },
    { line: "create",                                   error: "no token service is named, and the public one was switched off in June 2019: run your own with `swarm discovery-service` and give --service URL or $SWARM_DISCOVERY_SERVICE" },
    { line: "create --service http://127.0.0.1:1/v1",   error: 'Post "http://127.0.0.1:1/v1/clusters": dial tcp 127.0.0.1:1: connect: connection refused' },
    { line: "create --service http://hub",              error: "the token service http://hub must be https://: over plain http everybody on the way can read and change the cluster" },
    { line: "create --service hub:1",                   error: 'the token service needs an address such as https://host:2385, not "hub:1"' },
    { line: "create --discovery-opt x",                 error: "--discovery-opt must contain key=value strings" },
    { line: "create --service https://hub --discovery-opt token.cacertfile=/no/ca.pem", error: "could not read token.cacertfile: open /no/ca.pem: no such file or directory" },
  ];
  for (const c of errors) {
    it(`answers "${c.line}" on stderr: ${c.error}`, async () => {
      expect(await outcome(c.line)).to.deep.equal([1, "", `${at} ${c.error}\n`]);
    });
  }

  it("prints no error page as a token", async () => {
    await using hub = await startHub();
    const url = `http://127.0.0.1:${hub.port}`;
    hub.answer = () => ({ status: 503, body: "<html>busy</html>" });
    expect(await outcome(`create --service ${url}`)).to.deep.equal([
      1,
      "",
      `${at} Post "${url}/clusters": Discovery service returned 503 HTTP status code\n`,
    ]);
    hub.answer = () => ({ body: "<html>hello</html>" });
    expect((await outcome(`create --service ${url}`)).slice(0, 2)).to.deep.equal([1, ""]);
  });
});
