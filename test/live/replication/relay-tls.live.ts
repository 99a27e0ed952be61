import { mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { clientTls } from "../../lab/docker-cli.ts";
import { eventually } from "../../lab/eventually.ts";
import { dockerAt, succeed, type Docker } from "../support/docker-cli.ts";
import { managerTls } from "../support/manager-tls.ts";
import { useTlsLab } from "../tls/support.ts";
import { usePair } from "./relay-support.ts";

const RULES = [
  { cn: "client", role: "admin" },
  { cn: "reader", role: "read-only" },
  { cn: "ci", role: "own", label: "owner=ci" },
  { cn: "manager-*", role: "manager" },
];

describe("docker through a replica, with TLS and a policy", () => {
  const made = useTlsLab([{ name: "old" }, { name: "new", version: "28" }]);

  describe("of two managers that know each other", () => {
    let folder: string;
    const { primary, replica } = usePair(
      async (which) => {
        const { lab, authority } = made();
        folder = mkdtempSync(path.join(lab.folder, "relay-tls-"));
        const policy = path.join(folder, "policy.json");
        writeFileSync(policy, JSON.stringify({ rules: RULES }));
        const cn = which === "primary" ? "manager-1" : "manager-2";
        return { tls: await managerTls(lab, authority, { cn }), args: ["--authz-policy", policy] };
      },
      () => made().lab,
    );
    /** A client that has its own certificate, at each of the two. */
    const clientOf = async (cn: string): Promise<{ readonly direct: Docker; readonly relayed: Docker }> => {
      const files = path.join(folder, cn);
      await made().authority.write(files, { cn, usages: ["client"] });
      const env = clientTls(files);
      return { direct: dockerAt(primary().url, env), relayed: dockerAt(replica().url, env) };
    };

    it("an admin runs, execs and attaches", async () => {
      const { docker } = replica();
      expect(await succeed(docker, ["info"])).to.match(/^ ?Role: replica$/m);
      const { stdout } = await docker(["run", "-i", "--rm", "busybox", "cat"], { input: "over TLS, twice" });
      expect(stdout).to.equal("over TLS, twice");
      await succeed(docker, ["run", "-d", "--name", "box", "busybox", "sleep", "1000"]);
      expect(await succeed(docker, ["exec", "-i", "box", "cat"], { input: "in" })).to.equal("in");
    });

    for (const args of [
      ["run", "--rm", "busybox", "true"],
      ["rm", "-f", "box"],
      ["exec", "box", "id"],
    ]) {
      it(`a client that may only look is refused docker ${args[0] ?? ""} in the same words`, async () => {
        await succeed(replica().docker, ["run", "-d", "--name", "box", "busybox", "sleep", "1000"]);
        const { direct, relayed } = await clientOf("reader");
        const [here, there] = [await direct(args), await relayed(args)];
        expect(there.stderr)
          .to.equal(here.stderr)
          .and.to.include("authorization denied: role read-only (reader)");
        expect(there.code).to.equal(here.code).and.not.to.equal(0);
        expect(await succeed(relayed, ["ps", "--format", "{{.Names}}"])).to.match(/box$/);
      });
    }

    it("a client of its own things sees those and no others, and the audit names it", async () => {
      const { relayed } = await clientOf("ci");
      await succeed(replica().docker, ["run", "-d", "--name", "foreign", "busybox", "sleep", "1000"]);
      await succeed(relayed, ["run", "-d", "--name", "mine", "busybox", "sleep", "1000"]);
      expect(await succeed(relayed, ["ps", "--format", "{{.Names}}"])).to.match(/^\w+\/mine$/);
      expect((await relayed(["container", "inspect", "foreign"])).stderr).to.match(
        /No such container: foreign/,
      );
      expect((await relayed(["exec", "foreign", "id"])).stderr).to.match(/No such container: foreign/);
      const line = await eventually("the audit has it", () =>
        primary()
          .logs.split("\n")
          .find(
            (text) =>
              text.includes('"msg":"audit"') &&
              text.includes('"cn":"ci"') &&
              text.includes("/containers/create"),
          ),
      );
      expect(JSON.parse(line)).to.include({ role: "own", via: replica().address, outcome: "allowed" });
    });
  });
});
