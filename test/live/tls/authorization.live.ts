import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { clientTls } from "../../lab/docker-cli.ts";
import { eventually } from "../../lab/eventually.ts";
import type { CertificateSpec } from "../../support/certificates.ts";
import { clientConfig } from "../support/client-config.ts";
import { composeV2 } from "../support/compose.ts";
import { dockerAt, succeed, type Docker } from "../support/docker-cli.ts";
import { Manager } from "../support/manager.ts";
import { managerTls } from "../support/manager-tls.ts";
import { Session } from "../support/session.ts";
import { useTlsLab } from "./support.ts";

const CLIENTS: readonly CertificateSpec[] = [
  { cn: "reader" },
  { cn: "olga", ou: ["people", "ops"] },
  { cn: "ci-1" },
  { cn: "ci-2" },
  { cn: "stranger" },
];
const RULES = [
  { cn: "client", role: "admin" },
  { ou: "ops", role: "operator" },
  { cn: "reader", role: "read-only" },
  { cn: "ci-1", role: "own", label: "owner=ci" },
  { cn: "ci-2", role: "own", label: "owner=other" },
];

describe("authorization, with the docker command line", () => {
  let manager: Manager;
  let policy: string;
  let folder: string;
  const clients = new Map<string, Docker>();
  after(async () => {
    await as("admin", "rm", "-f", "foreign");
    await manager.stop(); // before the lab goes, which takes every process of its own along
  });
  const made = useTlsLab([{ name: "old" }, { name: "new", version: "28" }]);
  const writePolicy = (rules: unknown): void => writeFileSync(policy, JSON.stringify({ rules }));
  before(async () => {
    const { lab, authority } = made();
    folder = mkdtempSync(path.join(lab.folder, "authorization-"));
    policy = path.join(folder, "policy.json");
    writePolicy(RULES);
    manager = await Manager.start(lab, {
      tls: await managerTls(lab, authority),
      args: ["--authz-policy", policy],
    });
    for (const spec of CLIENTS) {
      const files = path.join(folder, spec.cn);
      await authority.write(files, { ...spec, usages: ["client"] });
      clients.set(spec.cn, dockerAt(manager.url, clientTls(files)));
    }
    clients.set("admin", manager.docker);
    writeFileSync(path.join(folder, "Dockerfile"), "FROM busybox\n");
    await as("admin", "run", "-d", "--name", "foreign", "busybox", "sh", "-c", "echo up; exec sleep 1000");
    await as("admin", "volume", "create", "foreign-data");
  });
  beforeEach(() => mkdirSync(path.join(folder, "out"), { recursive: true }));
  const clientOf = (cn: string): Docker => {
    const docker = clients.get(cn);
    if (docker === undefined) throw new Error(`no client is called ${cn}`);
    return docker;
  };
  const as = async (cn: string, ...args: string[]): Promise<string> => await succeed(clientOf(cn), args);
  const refused = async (cn: string, ...args: string[]): Promise<string> => {
    const { code, stderr, stdout } = await clientOf(cn)(args);
    expect(code, `docker ${args.join(" ")}\n${stdout}${stderr}`).not.to.equal(0);
    return stderr;
  };

  // prettier-ignore
  const denials = [
    { it: "run",             args: ["run", "--rm", "busybox", "true"] },
    { it: "create",          args: ["create", "busybox"] },
    { it: "exec",            args: ["exec", "foreign", "id"] },
    { it: "exec with a terminal's input", args: ["exec", "-i", "foreign", "sh"] },
    { it: "attach",          args: ["attach", "--no-stdin", "foreign"] },
    { it: "cp out",          args: ["cp", "foreign:/etc/passwd", "-"] },
    { it: "cp in",           args: ["cp", "DOCKERFILE", "foreign:/tmp/x"] },
    { it: "export",          args: ["export", "foreign"] },
    { it: "commit",          args: ["commit", "foreign", "x"] },
    { it: "save",            args: ["save", "busybox"] },
    { it: "load",            args: ["load", "-i", "DOCKERFILE"] },
    { it: "import",          args: ["import", "DOCKERFILE", "x"] },
    { it: "tag",             args: ["tag", "busybox", "x"] },
    { it: "push",            args: ["push", "busybox"] },
    { it: "a build",         args: ["build", "-t", "x", "FOLDER"] },
    { it: "a plugin",        args: ["plugin", "install", "--grant-all-permissions", "vieux/sshfs"] },
    { it: "a network",       args: ["network", "create", "x"] },
    { it: "a volume",        args: ["volume", "create", "x"] },
  ];
  for (const { it: what, args } of denials) {
    it(`refuses ${what} to read-only and operator`, async () => {
      const given = args.map((arg) =>
        arg.replace("DOCKERFILE", path.join(folder, "Dockerfile")).replace("FOLDER", folder),
      );
      for (const cn of ["reader", "olga"])
        expect(await refused(cn, ...given)).to.match(
          // All that the command line tells of a refused stream is its status.
          /authorization denied: role (read-only|operator) \((reader|olga)\) may not|unable to upgrade to tcp, received 403/,
        );
    });
  }

  it("lets read-only look, and nothing else", async () => {
    expect(await as("reader", "ps", "--format", "{{.Names}}")).to.match(/^(old|new)\/foreign$/);
    await as("reader", "inspect", "foreign");
    await as("reader", "logs", "foreign");
    await as("reader", "info");
    for (const what of ["stop", "kill", "restart", "pause", "rm"])
      expect(await refused("reader", what, "foreign")).to.include(
        "authorization denied: role read-only (reader)",
      );
  });

  it("lets an operator operate", async () => {
    for (const what of ["pause", "unpause", "restart"])
      await as("olga", what, "-t", "0", "foreign").catch(() => as("olga", what, "foreign"));
    await as("olga", "update", "--memory", "64m", "--memory-swap", "64m", "foreign");
  });

  it("tells a stranger nothing but the version", async () => {
    await as("stranger", "version");
    expect(await refused("stranger", "ps")).to.include("authorization denied: role none (stranger)");
  });

  it("lets own run what it may, and see it alone", async () => {
    await as("ci-1", "network", "create", "own-net");
    await as("ci-1", "volume", "create", "own-data");
    const box = ["-d", "--name", "own", "--network", "own-net", "-v", "own-data:/d"];
    await as("ci-1", "run", ...box, "busybox", "sleep", "1000");
    expect(
      await as(
        "ci-1",
        "run",
        "--rm",
        "--read-only",
        "--tmpfs",
        "/t",
        "-m",
        "32m",
        "busybox",
        "echo",
        "hello",
      ),
    ).to.equal("hello");
    expect(await as("ci-1", "ps", "-a", "--format", '{{.Names}} {{.Label "owner"}}')).to.match(
      /^\S+\/own ci$/,
    );
    expect(await as("ci-1", "exec", "own", "echo", "hello")).to.equal("hello");
    await as("ci-1", "cp", path.join(folder, "Dockerfile"), "own:/d/x");
    expect(await as("ci-1", "exec", "own", "cat", "/d/x")).to.equal("FROM busybox");
    await as("ci-1", "update", "--memory", "64m", "--memory-swap", "64m", "own");
    await as("ci-1", "restart", "-t", "0", "own");
    expect(await as("ci-1", "network", "ls", "--format", "{{.Name}}")).to.match(/^(\S+\/)?own-net$/);
    expect(await as("ci-1", "volume", "ls", "-q")).to.match(/^(\S+\/own-data\n?)+$/);
    expect(await as("ci-2", "ps", "-aq")).to.equal("");
    expect(await refused("ci-2", "exec", "own", "id")).to.match(/No such container: own/);
    expect(await refused("ci-1", "exec", "foreign", "id")).to.match(/No such container: foreign/);
    expect(await refused("ci-1", "inspect", "foreign")).to.match(
      /No such object: foreign|authorization denied/,
    );
    await as("ci-1", "container", "prune", "-f");
    await as("ci-1", "rm", "-f", "own");
    await as("ci-1", "network", "rm", "own-net");
    await as("ci-1", "volume", "rm", "own-data");
    expect(await as("admin", "ps", "-a", "--format", "{{.Names}}")).to.match(/\/foreign$/);
  });

  it("lets own bring a Compose project up and down", async () => {
    using config = await clientConfig();
    const env = clientTls(path.join(folder, "ci-1"));
    const compose: Docker = (args) => composeV2(config, manager.url, "shop")(args, { env });
    await succeed(compose, ["up", "-d"]);
    expect(await as("ci-1", "ps", "--format", "{{.Names}}")).to.match(/^\S+shop-web-1\n\S+shop-store-1$/);
    await succeed(compose, ["exec", "-T", "web", "cat", "/www/index.html"]);
    await succeed(compose, ["down", "-v"]);
    expect(await as("ci-1", "volume", "ls", "-q")).to.equal("");
  });

  // prettier-ignore
  const overreach = [
    { it: "privileges",            args: ["--privileged"],                          says: /may not set HostConfig\.Privileged/ },
    { it: "the host's files",      args: ["-v", "/:/host"],                         says: /may not mount \/:\/host/ },
    { it: "the host's files, by mount", args: ["--mount", "type=bind,src=/,dst=/host"], says: /may not set HostConfig\.Mounts\.Type to bind/ },
    { it: "another's volume",      args: ["-v", "foreign-data:/d"],                 says: /may not mount volume foreign-data/ },
    { it: "the host's network",    args: ["--network", "host"],                     says: /may not set HostConfig\.NetworkMode to host/ },
    { it: "another's network",     args: ["--network", "container:foreign"],        says: /may not use container foreign, which is not its own/ },
    { it: "the host's processes",  args: ["--pid", "host"],                         says: /may not set HostConfig\.PidMode to host/ },
    { it: "another's processes",   args: ["--pid", "container:foreign"],            says: /may not use container foreign, which is not its own/ },
    { it: "another's volumes",     args: ["--volumes-from", "foreign"],             says: /may not use container foreign, which is not its own/ },
    { it: "capabilities",          args: ["--cap-add", "SYS_ADMIN"],                says: /may not set HostConfig\.CapAdd/ },
    { it: "devices",               args: ["--device", "/dev/null"],                 says: /may not set HostConfig\.Devices/ },
    { it: "another's label",       args: ["-l", "owner=other"],                     says: /may not set Labels\.owner to anything but ci/ },
  ];
  for (const { it: what, args, says } of overreach) {
    it(`does not give own ${what}`, async () => {
      expect(await refused("ci-1", "run", "--rm", ...args, "busybox", "true")).to.match(says);
    });
  }

  it("does not let own build", async () => {
    expect(await refused("ci-1", "build", folder)).to.include("authorization denied: role own (ci-1)");
  });

  it("writes who did what", async () => {
    await as("olga", "restart", "-t", "0", "foreign");
    await eventually("the audit", () => {
      const line = manager.logs
        .split("\n")
        .findLast((each) => each.includes('"audit"') && each.includes("/restart") && each.includes("olga"));
      if (line === undefined) return Promise.resolve(false);
      const { cn, role, method, name, status, outcome } = JSON.parse(line) as Record<string, unknown>;
      expect([cn, role, method, name, status, outcome]).to.deep.equal([
        "olga",
        "operator",
        "POST",
        "foreign",
        204,
        "allowed",
      ]);
      return Promise.resolve(true);
    });
  });

  it("follows the file on SIGHUP, cuts streams off, and keeps the last good one", async () => {
    await using logs = Session.start(
      manager.url,
      ["logs", "-f", "foreign"],
      clientTls(path.join(folder, "reader")),
    );
    await logs.until("up");
    writePolicy(RULES.filter(({ cn }) => cn !== "reader"));
    manager.reload();
    await logs.exitCode();
    await eventually("the stream was cut", () =>
      Promise.resolve(manager.logs.includes("cut off a request whose client may no longer make it")),
    );
    await eventually("the right is gone", async () => (await clientOf("reader")(["ps"])).code !== 0);
    writeFileSync(policy, "{");
    manager.reload();
    await eventually("the complaint", () => Promise.resolve(manager.logs.includes("policy.json: no JSON")));
    await as("olga", "ps");
    expect(await refused("reader", "ps")).to.include("authorization denied: role none (reader)");
  });
});
