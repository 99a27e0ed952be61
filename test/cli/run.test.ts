import { expect } from "chai";
import { swarm } from "./fake-world.ts";

describe("cli/run", () => {
  describe("help and version", () => {
    // prettier-ignore
    const cases = [
      { line: "",                       starts: "Usage: swarm [OPTIONS] COMMAND [arg...]\n\nA Docker-native clustering system\n\nVersion: 1.2.3 (abcdef0)\n\nOptions:\n  --debug" },
      { line: "--help",                 starts: "Usage: swarm [OPTIONS]" },
      { line: "-h",                     starts: "Usage: swarm [OPTIONS]" },
      { line: "help",                   starts: "Usage: swarm [OPTIONS]" },
      { line: "h",                      starts: "Usage: swarm [OPTIONS]" },
      { line: "--log-level x --help",   starts: "Usage: swarm [OPTIONS]" },
      { line: "manage --help",          starts: "Usage: swarm manage [OPTIONS] <discovery>\n\nManage a cluster of Docker engines\n\nArguments:\n  <discovery>" },
      { line: "m -h --tls",             starts: "Usage: swarm manage [OPTIONS] <discovery>\n" },
      { line: "help j",                 starts: "Usage: swarm join [OPTIONS] <discovery>\n" },
      { line: "list --help",            starts: "Usage: swarm list [OPTIONS] <discovery>\n" },
      { line: "create --help",          starts: "Usage: swarm create [OPTIONS]\n" },
      { line: "node --help",            starts: "Usage: swarm node COMMAND\n\nSee and change the nodes of a running manager\n\nCommands:\n  node ls" },
      { line: "help node",              starts: "Usage: swarm node COMMAND\n" },
      { line: "node update --help",     starts: "Usage: swarm node update [OPTIONS] NODE\n\nChange the availability" },
      { line: "help node update",       starts: "Usage: swarm node update [OPTIONS] NODE\n" },
      { line: "help reschedule",        starts: "Usage: swarm reschedule COMMAND\n" },
      { line: "rebalance --help",       starts: "Usage: swarm rebalance [OPTIONS]\n" },
      { line: "--version",              starts: "swarm version 1.2.3 (abcdef0)\n" },
      { line: "-v",                     starts: "swarm version 1.2.3 (abcdef0)\n" },
      { line: "foo",                    starts: "No help topic for 'foo'\n" },
      { line: "help foo",               starts: "No help topic for 'foo'\n" },
    ];
    for (const c of cases) {
      it(`prints it for "swarm ${c.line}" and ends with 0`, async () => {
        const { code, stdout, stderr } = await swarm(c.line);
        expect(stdout.slice(0, c.starts.length)).to.equal(c.starts);
        expect([code, stderr]).to.deep.equal([0, ""]);
      });
    }

    it("renders each kind of flag as the contract says, columns in tabs", async () => {
      const { stdout } = await swarm("manage --help");
      for (const row of [
        /^ {2}--strategy "spread"\t+placement/m,
        /^ {2}--tlscert \t+PEM/m,
        /^ {2}--tls\t+use/m,
        /^ {2}--engine-failure-retry "3"\t+fail/m,
        /^ {2}--host, -H \[--host option --host option\]\t+address .* \[\$SWARM_HOST\]$/m,
        /^ {2}--advertise, --addr \t+address .* \[\$SWARM_ADVERTISE\]$/m,
        /swarm\.overcommit=0\.05\t.*\n.*swarm\.createretry=0\t.*\n$/,
      ]) {
        expect(stdout).to.match(row);
      }
      expect(stdout).to.contain("[$SWARM_DISCOVERY]").and.not.contain("--help");
    });

    it("names all commands, one a line", async () => {
      const { stdout } = await swarm("--help");
      const names = stdout.slice(stdout.indexOf("Commands:")).match(/^ {2}\S.*?(?=\t)/gm);
      expect(names?.join("|")).to.equal(
        "  create, c|  list, l|  manage, m|  join, j|  node|  reschedule|  rebalance|  leader|  simulate|  health|  discovery-service|  help",
      );
    });
  });

  describe("usage errors", () => {
    it("print the help and go to stderr before the command", async () => {
      const { code, stdout, stderr } = await swarm("--nosuch");
      expect(stdout).to.match(/^Incorrect Usage\.\n\nUsage: swarm \[OPTIONS\] COMMAND/);
      expect(stderr).to.contain("flag provided but not defined: -nosuch");
      expect(code).to.equal(1);
    });

    it("print the command's help and go to its log within the command", async () => {
      const { code, stdout, logged, stderr } = await swarm("manage --debug");
      expect(stdout).to.match(/^Incorrect Usage\.\n\nUsage: swarm manage/);
      expect([code, logged, stderr]).to.deep.equal([1, ["fatal flag provided but not defined: -debug"], ""]);
    });

    it("name both forms of a flag given twice", async () => {
      const { code, stdout } = await swarm("join --advertise a --addr b x");
      expect(stdout).to.match(/^Cannot use two forms of the same flag: addr advertise\n\nUsage: swarm join/);
      expect(code).to.equal(1);
    });
  });

  describe("log level", () => {
    it("is refused when unknown, whatever the command", async () => {
      const { code, logged } = await swarm("-l bogus list a:1");
      expect([code, logged]).to.deep.equal([1, ['fatal not a valid logrus Level: "bogus"']]);
    });

    // prettier-ignore
    const cases = [
      { it: "is debug with --debug",              line: "--debug",              env: {},               is: "debug" },
      { it: "is debug with $DEBUG",               line: "",                     env: { DEBUG: "1" },   is: "debug" },
      { it: "is info with --debug=false",         line: "--debug=false",        env: { DEBUG: "1" },   is: "info" },
      { it: "ignores a $DEBUG that is no boolean", line: "",                    env: { DEBUG: "on" },  is: "info" },
      { it: "is what --log-level says, even with --debug", line: "--debug --log-level WARNING", env: {}, is: "warn" },
      { it: "is what -l says, even with --debug", line: "--debug -l info",      env: {},               is: "info" },
    ];
    for (const c of cases) {
      it(c.it, async () => {
        expect((await swarm(`${c.line} manage a:1`, { env: c.env })).config?.logLevel).to.equal(c.is);
      });
    }
  });
});
