import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { useFolder } from "../discovery-service/support.ts";
import { TestAuthority } from "../support/certificates.ts";
import { startCommand } from "./command-bench.ts";

describe("cli/discovery-service", () => {
  const folder = useFolder();
  const words = (...more: readonly string[]) => [
    "--debug",
    "discovery-service",
    "-H",
    "127.0.0.1:0",
    "--data-dir",
    path.join(folder(), "data"),
    ...more,
  ];

  it("runs until it is told to stop, and has everything on the disk then", async () => {
    const command = startCommand(words());
    await command.until(/"routes are ready"/);
    expect(await readFile(path.join(folder(), "data", "owner.1"), "utf8")).to.include(String(process.pid));
    command.stop();
    expect(await command.code).to.equal(0);
    expect(command.stdout()).to.include('"stopping"');
    expect(await readFile(path.join(folder(), "data", "owner.1"), "utf8")).to.include('"released":true');
  });

  it("keeps $SWARM_HEALTH_FILE while it runs, and not longer: the image's health check reads it", async () => {
    const file = path.join(folder(), "health");
    const command = startCommand(words(), { SWARM_HEALTH_FILE: file });
    let status: unknown;
    while (status === undefined) {
      status = await readFile(file, "utf8").then(
        (text) => JSON.parse(text) as unknown,
        () => undefined,
      );
    }
    expect(status).to.include({ command: "discovery-service", healthy: true, detail: "serving" });
    command.stop();
    expect(await command.code).to.equal(0);
    expect(await readdir(folder())).to.deep.equal(["data"]);
  });

  it("reads its certificates again at a hangup", async () => {
    const authority = await TestAuthority.create();
    const { cert, key } = await authority.write(folder(), { cn: "x", sans: ["127.0.0.1"] });
    const command = startCommand(words("--tlscert", cert, "--tlskey", key));
    await command.until(/"Listening for HTTP"/);
    while (!command.stdout().includes("not reloaded")) {
      // Until the command has said what a hangup means, it means nothing.
      command.hangUp();
      await new Promise((resolve) => setImmediate(resolve));
      await rm(cert, { force: true });
    }
    command.stop();
    expect(await command.code).to.equal(0);
  });

  // prettier-ignore
  const errors = [
    { args: "x",                                  error: "the `discovery-service` command takes no arguments. See 'swarm discovery-service --help'." },
    { args: "-H unix:///x",                       error: "--host unix:///x: the token service listens on TCP only" },
    { args: "-H 127.0.0.1:99999",                 error: "listen tcp: address 99999: invalid port" },
    { args: "-H udp://x:1",                       error: 'unsupported protocol: "udp"' },
    { args: "--data-dir=",                        error: "--data-dir should name a directory" },
    { args: "--data-dir /dev/null/x",             error: "cannot use the data directory /dev/null/x: not a directory; choose another with --data-dir" },
    { args: "--max-ttl 10s",                      error: "--max-ttl should be at least 180s, what agents ask for" },
    { args: "--max-ttl x",                        error: 'invalid --max-ttl: time: invalid duration "x"' },
    { args: "--keep-empty 1m",                    error: "--keep-empty should be at least one hour" },
    { args: "--max-clusters 0",                   error: "--max-clusters should be at least 1, 0 is invalid" },
    { args: "--create-rate -1",                   error: "--create-rate should be at least 0, -1 is invalid" },
    { args: "--max-connections 3",                error: "--max-connections should be at least 4, 3 is invalid" },
    { args: "--tlscert /no/cert.pem",             error: "--tlscert and --tlskey must be given together" },
    { args: "--tlsverify",                        error: "--tlsverify requires --tlscert, --tlskey and --tlscacert" },
    { args: "--tlsverify --tlscert /c --tlskey /k", error: "--tlsverify requires --tlscert, --tlskey and --tlscacert" },
    { args: "--tlscacert /no/ca.pem",             error: "--tlscacert requires the use of --tlsverify" },
    { args: "--tlscert /no/c.pem --tlskey /no/k.pem", error: /^Couldn't load X509 key pair \(\/no\/c.pem, \/no\/k.pem\): open \/no\/c.pem/ },
  ];
  for (const c of errors) {
    it(`answers "${c.args}" in its log: ${String(c.error)}`, async () => {
      const command = startCommand(["discovery-service", ...c.args.split(" ")]);
      expect(await command.code).to.equal(1);
      const { level, msg } = JSON.parse(command.stdout().trim().split("\n").at(-1)!) as Record<
        string,
        string
      >;
      expect(level).to.equal("fatal");
      if (typeof c.error === "string") expect(msg).to.equal(c.error);
      else expect(msg).to.match(c.error);
    });
  }

  it("is in the help", async () => {
    const command = startCommand(["discovery-service", "--help"]);
    expect(await command.code).to.equal(0);
    expect(command.stdout())
      .to.include("Usage: swarm discovery-service [OPTIONS]\n")
      .and.include("--data-dir");
  });
});
