import { expect } from "chai";
import { swarm } from "./fake-world.ts";
import { tlsFolder, type TlsFolder } from "./tls-folder.ts";

/**
 * The rows of the contract's table, in its order. Each line also carries a fault of every later kind that can go with it, so that a
 * change of the order shows.
 */
// prettier-ignore
const rows = [
  { row: 1,  flags: "--tls --engine-refresh-min-interval 0",      fatal: "--tlscert and --tlskey must be provided when using --tls" },
  { row: 2,  flags: "--tlsverify --tlscert /no/c --tlskey /no/k", fatal: "--tlscacert must be provided when using --tlsverify" },
  { row: 3,  flags: "--tlsverify --tlscert /no/c --tlskey /no/k --tlscacert /no/a", fatal: "Couldn't load X509 key pair (/no/c, /no/k): open /no/c: no such file or directory. Key encrypted?" },
  { row: 4,  flags: "--tlsverify --tlscert <cert.pem> --tlskey <key.pem> --tlscacert /no/a", fatal: "Couldn't read CA certificate: open /no/a: no such file or directory" },
  { row: 5,  flags: "--tlskey k --engine-refresh-min-interval 0", fatal: "--tlscert, --tlskey and --tlscacert require the use of either --tls or --tlsverify" },
  { row: 6,  flags: "--engine-refresh-min-interval 0s --engine-refresh-max-interval -1s", fatal: "min refresh interval should be a positive number" },
  { row: 6,  flags: "--engine-refresh-min-interval x",            fatal: "min refresh interval should be a positive number" },
  { row: 7,  flags: "--engine-refresh-max-interval 29s --engine-refresh-retry 4", fatal: "max refresh interval cannot be less than min refresh interval" },
  { row: 7,  flags: "--engine-refresh-max-interval x",            fatal: "max refresh interval cannot be less than min refresh interval" },
  { row: 8,  flags: "--engine-refresh-retry 4 --engine-failure-retry 0", fatal: "--engine-refresh-retry is deprecated. Use --engine-failure-retry" },
  { row: 9,  flags: "--engine-failure-retry 0",  discovery: "",   fatal: "invalid failure retry count" },
  { row: 10, flags: "--heartbeat x",             discovery: "",   fatal: "discovery required to manage a cluster. See 'swarm manage --help'." },
  { row: 11, flags: "--heartbeat 60 --discovery-opt x",           fatal: 'invalid --heartbeat: time: missing unit in duration "60"' },
  { row: 11, flags: "--heartbeat 999ms --discovery-opt x",        fatal: "--heartbeat should be at least one second" },
  { row: 12, flags: "--discovery-opt x",         discovery: "x",  fatal: "--discovery-opt must contain key=value strings" },
  { row: 12, flags: "--strategy x",              discovery: "tcp://a:1", fatal: "discovery service not supported" },
  { row: 12, flags: "--strategy x",              discovery: "a",  fatal: "address a: missing port in address, please check you are using the correct discovery (missing token:// ?)" },
  { row: 13, flags: "--strategy x --filter x",                    fatal: "strategy not supported" },
  { row: 14, flags: "--filter x --cluster-driver mesos",          fatal: "filter not supported" },
  { row: 15, flags: "-c mesos --cluster-opt x",                   fatal: 'unsupported cluster "mesos"' },
  { row: 16, flags: "--cluster-opt swarm.overcommit=-2 --replication", fatal: "swarm.overcommit should be larger than -1, -2.000000 is invalid" },
  { row: 17, flags: "--replication --replication-ttl x",          fatal: "--advertise address must be provided when using --leader-election" },
  { row: 18, flags: "--replication --advertise a --replication-ttl x", fatal: "--advertise should be of the form ip:port or hostname:port" },
  { row: 19, flags: "--replication --advertise a:1 --replication-ttl x", fatal: 'invalid --replication-ttl: time: invalid duration "x"' },
  { row: 19, flags: "--replication --advertise a:1 --replication-ttl 0", fatal: "--replication-ttl should be a positive number" },
  { row: 20, flags: "--replication --advertise a:1 -H udp://:1",  fatal: "Leader election is only supported with consul, etcd and zookeeper discovery." },
];

describe("cli/manage-config", () => {
  let folder: TlsFolder;
  before(async () => (folder = await tlsFolder()));
  after(() => folder.remove());
  const withPaths = (line: string): string =>
    line.replace(/<([^>]+)>/g, (_, name: string) => folder.path(name));
  const verified = "--tlsverify --tlscert <cert.pem> --tlskey <key.pem> --tlscacert <ca.pem>";

  describe("refuses, in the order of the contract", () => {
    for (const { row, flags, discovery = "a:1", fatal } of rows) {
      it(`row ${row}: ${fatal}`, async () => {
        const { code, logged, stderr, config } = await swarm(`manage ${withPaths(flags)} ${discovery}`);
        expect(logged).to.deep.equal([`fatal ${fatal}`]);
        expect([code, stderr, config]).to.deep.equal([1, "", undefined]);
      });
    }

    // prettier-ignore
    const policies = [
      { it: "without TLS",        flags: "" },
      { it: "with unverified TLS", flags: "--tls --tlscert <cert.pem> --tlskey <key.pem>" },
    ];
    for (const { it: how, flags } of policies) {
      it(`a policy for certificates ${how}, after the faults of TLS`, async () => {
        const later = "--authz-policy /no/p --engine-refresh-min-interval 0";
        const { code, logged } = await swarm(withPaths(`manage ${flags} ${later} a:1`));
        expect([code, logged]).to.deep.equal([
          1,
          [
            "fatal --authz-policy requires the use of --tlsverify: a client's certificate is what tells its role",
          ],
        ]);
      });
    }

    it("a listener it cannot open", async () => {
      expect((await swarm("manage -H udp://:1 a:1")).logged).to.deep.equal([
        'fatal unsupported protocol: "udp"',
      ]);
    });
  });

  it("has the contract's defaults", async () => {
    const { config } = await swarm("manage a:1");
    expect(config).to.deep.equal({
      discovery: "a:1",
      discoveryOptions: {},
      hosts: [{ proto: "tcp", host: "127.0.0.1", port: 2375, addr: "127.0.0.1:2375" }],
      tls: undefined,
      authzPolicy: "",
      replication: undefined,
      strategy: "spread",
      filters: ["health", "port", "containerslots", "dependency", "affinity", "constraint", "whitelist"],
      heartbeatMs: 60_000,
      engine: { refreshMinMs: 30_000, refreshMaxMs: 60_000, failureRetry: 3 },
      cors: false,
      cluster: {
        overcommit: 0.05,
        createRetry: 0,
        rules: { modern: false },
        countMemoryReservation: false,
        strictLabels: false,
        pullNodes: [],
        followImage: "fallback",
        builderNode: "",
        reschedule: {
          delayMs: 0,
          parallel: 16,
          timeoutMs: 300_000,
          retryMaxMs: 60_000,
          removeVolumes: false,
          removedMs: undefined,
        },
        leaderWaitMs: 10_000,
      },
      refreshOnNodeFilter: false,
      containerNameRefreshFilter: "",
      debug: false,
      experimental: false,
      logLevel: "info",
    });
    expect(config).to.satisfy(Object.isFrozen);
  });

  // prettier-ignore
  const read = [
    { it: "the strategy",                    line: "manage --strategy random a:1",               is: { strategy: "random" } },
    { it: "the strategy by its old name",    line: "manage --strategy binpacking a:1",           is: { strategy: "binpack" } },
    { it: "filters in the order given",      line: "manage -f port -f health a:1",               is: { filters: ["port", "health"] } },
    { it: "intervals",                       line: "manage --engine-refresh-min-interval 1.5s --engine-refresh-max-interval 2m a:1", is: { engine: { refreshMinMs: 1500, refreshMaxMs: 120_000, failureRetry: 3 } } },
    { it: "an interval longer than any timer", line: "manage --heartbeat 10000h a:1",            is: { heartbeatMs: 2 ** 31 - 1 } },
    { it: "discovery options, split at the first =", line: "manage --discovery-opt a=b=c --discovery-opt d= a:1", is: { discoveryOptions: { a: "b=c", d: "" } } },
    { it: "both refresh filters",            line: "manage --refresh-on-node-filter --container-name-refresh-filter x a:1", is: { refreshOnNodeFilter: true, containerNameRefreshFilter: "x" } },
    { it: "cors by its short name",          line: "manage --cors a:1",                          is: { cors: true } },
    { it: "the flags before the command",    line: "--debug --experimental manage a:1",          is: { debug: true, experimental: true, logLevel: "debug" } },
    { it: "--tls=false as if absent",        line: "manage --tls=false --tlsverify=false a:1",   is: { discovery: "a:1" } },
    { it: "--advertise without --replication as nothing", line: "manage --advertise nonsense a:1", is: { discovery: "a:1" } },
    { it: "replication",                     line: "manage --replication --advertise a:1 etcd://e:1", is: { replication: { advertise: "a:1", ttlMs: 20_000 } } },
    { it: "how long a leader's lock lives",  line: "manage --replication --advertise a:1 --replication-ttl 1m30s zk://z:1", is: { replication: { advertise: "a:1", ttlMs: 90_000 } } },
    { it: "a lock that lives for ever",      line: "manage --replication --advertise a:1 --replication-ttl 10000h consul://c:1/p", is: { replication: { advertise: "a:1", ttlMs: 2 ** 31 - 1 } } },
    { it: "the discovery before the flags",  line: "manage a:1 --cors",                          is: { discovery: "a:1", cors: true } },
  ] as const;
  for (const c of read) {
    it(`reads ${c.it}`, async () => {
      expect((await swarm(c.line)).config).to.deep.include(c.is);
    });
  }

  it("reads the TLS files' paths, and the policy's", async () => {
    const { config } = await swarm(withPaths(`manage ${verified} --authz-policy /p a:1`));
    expect(config).to.deep.include({
      tls: {
        verify: true,
        ca: folder.path("ca.pem"),
        cert: folder.path("cert.pem"),
        key: folder.path("key.pem"),
      },
      authzPolicy: "/p",
    });
  });

  describe("$SWARM_DISCOVERY", () => {
    // prettier-ignore
    const cases = [
      { it: "stands in for a missing argument",   words: "",        is: "e:1" },
      { it: "masks surplus arguments",            words: "a:1 b:2", is: "e:1" },
      { it: "yields to the one argument",         words: "a:1",     is: "a:1" },
    ];
    for (const c of cases) {
      it(c.it, async () => {
        const { config } = await swarm(`manage ${c.words}`, { env: { SWARM_DISCOVERY: "e:1" } });
        expect(config?.discovery).to.equal(c.is);
      });
    }
  });

  it("lets -H replace the whole of $SWARM_HOST", async () => {
    const env = { SWARM_HOST: ":1, :2" };
    const ports = async (line: string) =>
      (await swarm(line, { env })).config?.hosts.map((host) => host.proto === "tcp" && host.port);
    expect(await ports("manage a:1")).to.deep.equal([1, 2]);
    expect(await ports("manage -H :3 a:1")).to.deep.equal([3]);
  });

  it("logs what it thinks twice about", async () => {
    const { logged } = await swarm("manage --cluster-opt swarm.overcommit=-0.5 a:1");
    expect(logged[0]).to.equal(
      "warn -1 < swarm.overcommit < 0 will make swarm take less resource than docker engine offers",
    );
  });

  it("logs who can reach it, and that its certificate does not suit", async () => {
    const levels = async (line: string) =>
      (await swarm(withPaths(line))).logged.map((text) => text.replace(/^(\w+ \S+ \S+).*/, "$1"));
    expect(await levels("manage -H :2375 a:1")).to.include("warn DANGER: whoever");
    expect(await levels(`manage ${verified} -H :2375 a:1`)).to.deep.equal(["info stopping"]);
    expect(await levels(`manage ${verified} --advertise 10.9.9.9:1 a:1`)).to.include("warn The certificate");
  });
});
