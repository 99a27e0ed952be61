import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:tls";
import { once } from "node:events";
import path from "node:path";
import { expect } from "chai";
import { clientTls } from "../../lab/docker-cli.ts";
import { eventually } from "../../lab/eventually.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { clientConfig } from "../support/client-config.ts";
import { succeed } from "../support/docker-cli.ts";
import type { Docker } from "../support/docker-cli.ts";
import { clientFiles, httpGet } from "../support/http-get.ts";
import { Manager } from "../support/manager.ts";
import { managerTls } from "../support/manager-tls.ts";
import type { ManagerTls } from "../support/manager-tls.ts";
import { Session } from "../support/session.ts";
import { useTlsLab } from "./support.ts";

describe("a TLS manager in front of TLS engines", () => {
  let manager: Manager;
  after(async () => await manager.stop()); // before the lab goes, which takes every process of its own along
  const made = useTlsLab([{ name: "old" }, { name: "new", version: "28" }]);
  let files: ManagerTls;
  let folder: string;
  before(async () => {
    const { lab, authority } = made();
    files = await managerTls(lab, authority);
    manager = await Manager.start(lab, { tls: files });
    folder = mkdtempSync(path.join(lab.folder, "streams-"));
  });
  afterEach(async () => {
    const all = await ask("ps", "-aq");
    if (all !== "") await ask("rm", "-f", ...all.split("\n"));
  });
  const docker: Docker = async (args, options) => await manager.docker(args, options);
  const ask = async (...args: string[]) => await succeed(docker, args);
  const session = (...args: string[]) => Session.start(manager.url, args, clientTls(files.clientFolder));

  it("shows its nodes as healthy", async () => {
    const nodes = await manager.nodes();
    expect(nodes.map(({ name, rows }) => `${name} ${rows.Status ?? ""}`).sort()).to.deep.equal([
      "new Healthy",
      "old Healthy",
    ]);
    expect(nodes.every(({ address }) => address.endsWith(":2376"))).to.equal(true);
  });

  for (const node of ["old", "new"]) {
    describe(`on the ${node} one`, () => {
      const pin = ["-e", `constraint:node==${node}`];
      const box = async () => await ask("run", "-d", "--name", "box", ...pin, "busybox", "sleep", "1000");

      it("run has the container's output, and its exit code", async () => {
        const { code, stdout, stderr } = await docker([
          ...["run", "--rm", ...pin, "busybox"],
          ...["sh", "-c", "echo out; echo err >&2; exit 7"],
        ]);
        expect({ code, stdout, stderr }).to.deep.equal({ code: 7, stdout: "out\n", stderr: "err\n" });
      });

      it("run -i takes its input to the end, and says what came of it", async () => {
        const sorted = await docker(["run", "--rm", "-i", ...pin, "busybox", "sort"], { input: "b\na\n" });
        expect(sorted.stdout).to.equal("a\nb\n");
        const input = randomBytes(4 << 20);
        const sum = createHash("sha256").update(input).digest("hex");
        const { stdout } = await docker(["run", "--rm", "-i", ...pin, "busybox", "sha256sum"], { input });
        expect(stdout).to.equal(`${sum}  -\n`);
      });

      it("exec -i, its output and its exit code", async () => {
        await box();
        const input = "x".repeat(4 << 20);
        const { stdout } = await docker(["exec", "-i", "box", "cat"], { input });
        expect(stdout === input, `${String(stdout.length)} bytes came back`).to.equal(true);
        const failed = await docker(["exec", "box", "sh", "-c", "echo no; exit 3"]);
        expect([failed.code, failed.stdout]).to.deep.equal([3, "no\n"]);
      });

      it("attach, logs -f, events and wait", async () => {
        await using events = session("events", "--filter", "container=talker");
        await eventually("events are served", async () => {
          await ask("run", "--rm", "--name", "talker", ...pin, "busybox", "true");
          return events.output.includes("die");
        });
        await ask(
          "run",
          "-di",
          "--name",
          "talker",
          ...pin,
          "busybox",
          "sh",
          "-c",
          "read w; echo heard $w; exit 4",
        );
        await using attached = session("attach", "talker");
        await using logs = session("logs", "-f", "talker");
        await using waiting = session("wait", "talker");
        attached.write("this\n");
        await attached.until("heard this");
        await logs.until("heard this");
        await waiting.until("4");
        expect(await attached.exitCode()).to.equal(4);
        await events.until(/die .*exitCode=4/);
        expect(events.output).to.include(`node.name=${node}`);
      });

      it("cp both ways", async () => {
        await box();
        const [source, target] = [path.join(folder, "up"), path.join(folder, `down-${node}`)];
        writeFileSync(source, randomBytes(3 << 20));
        await ask("cp", source, "box:/tmp/file");
        await ask("cp", "box:/tmp/file", target);
        expect(readFileSync(target).equals(readFileSync(source))).to.equal(true);
      });
    });
  }

  it("save and load", async () => {
    const file = path.join(folder, "saved.tar");
    await ask("save", "-o", file, "busybox");
    expect(readFileSync(file).length).to.be.greaterThan(1 << 20);
    expect(await ask("load", "-i", file)).to.match(/Loaded image: busybox:latest/);
  });

  for (const builder of ["classic", "BuildKit"]) {
    it(`builds with the ${builder} builder`, async () => {
      using config = await clientConfig();
      const context = path.join(folder, builder);
      mkdirSync(context);
      writeFileSync(path.join(context, "Dockerfile"), "FROM busybox\nCOPY word /word\nRUN cat /word\n");
      writeFileSync(path.join(context, "word"), `by ${builder}\n`);
      const tag = `built:${builder.toLowerCase()}`;
      const env = { ...config.env, DOCKER_BUILDKIT: builder === "classic" ? "0" : "1" };
      const plain = builder === "classic" ? [] : ["--progress", "plain"];
      const { code, stdout, stderr } = await docker(["build", ...plain, "-t", tag, context], { env });
      expect(code, stderr).to.equal(0);
      expect(stdout + stderr).to.include(`by ${builder}`);
      if (builder === "BuildKit") expect(stderr).to.include("using docker driver");
      expect(await ask("run", "--rm", tag, "cat", "/word")).to.equal(`by ${builder}`);
    });
  }

  describe("towards a client that", () => {
    const strangers = [
      { it: "has no certificate", of: undefined },
      { it: "has another authority's", of: { usages: ["client"] as const, stranger: true } },
      { it: "has a server's", of: { usages: ["server"] as const, stranger: false } },
    ];
    for (const { it: title, of } of strangers) {
      it(`${title}, has nothing to say`, async () => {
        const { authority } = made();
        const home = mkdtempSync(path.join(folder, "client-"));
        if (of !== undefined) {
          const issuer = of.stranger ? await TestAuthority.create() : authority;
          await issuer.write(home, { cn: "intruder", usages: of.usages });
        }
        writeFileSync(path.join(home, "ca.pem"), authority.ca);
        const { code, stdout } = await docker(["info"], { env: clientTls(home) });
        expect(code).not.to.equal(0);
        expect(stdout).not.to.match(/old|new|Healthy/);
        // Docker's client keeps a certificate to itself whose authority it is not asked for; this one does not.
        const shown = of === undefined ? { ca: authority.ca } : home;
        const answer = await httpGet(`${manager.http}/info`, shown).catch((error: unknown) => error);
        expect(answer).to.be.instanceOf(Error);
      });
    }
  });

  it("takes a new certificate while streams go on", async () => {
    const { authority } = made();
    await ask(
      "run",
      "-di",
      "--name",
      "talker",
      "busybox",
      "sh",
      "-c",
      "while read w; do echo heard $w; done",
    );
    await using logs = session("logs", "-f", "talker");
    await using attached = session("attach", "talker");
    await using cat = session("exec", "-i", "talker", "cat");
    attached.write("before\n");
    cat.write("before\n");
    await Promise.all([logs.until("heard before"), attached.until("heard before"), cat.until("before")]);

    const old = await shownBy(manager, files);
    await authority.write(files.folder, { cn: "manager", sans: ["127.0.0.1"] });
    manager.reload();
    await eventually(
      "the manager shows its new certificate",
      async () => (await shownBy(manager, files)) !== old,
    );

    attached.write("after\n");
    cat.write("after\n");
    cat.end();
    await Promise.all([logs.until("heard after"), attached.until("heard after")]);
    expect(await cat.exitCode()).to.equal(0);
    expect(cat.output).to.equal("before\nafter\n");
    expect(await ask("exec", "talker", "echo", "fresh connections")).to.equal("fresh connections");
    const nodes = await manager.nodes();
    expect(nodes.map(({ rows }) => rows.Status)).to.deep.equal(["Healthy", "Healthy"]);
  });
});

/** The fingerprint of the certificate that a new client sees. */
async function shownBy(manager: Manager, { clientFolder }: ManagerTls): Promise<string> {
  const port = Number(manager.url.split(":").at(-1));
  const socket = connect({ host: "127.0.0.1", port, ...clientFiles(clientFolder) });
  try {
    await once(socket, "secureConnect");
    return socket.getPeerCertificate().fingerprint256;
  } finally {
    socket.destroy();
  }
}
