/**
 * A user of Testcontainers: starts a web server in every way Testcontainers can wait for, and prints what it saw as JSON.
 * DOCKER_HOST says where. Testcontainers keeps one client per process, hence a program.
 */
import { text } from "node:stream/consumers";
import { GenericContainer, getContainerRuntimeClient, Network, Wait } from "testcontainers";
import type { StartedTestContainer } from "testcontainers";

/** Testcontainers takes all ports to be at one address, but a cluster has as many as nodes: inspect knows the right one. */
async function addressOf(container: StartedTestContainer, port: number): Promise<string> {
  const client = await getContainerRuntimeClient();
  const { NetworkSettings } = await client.container.inspect(client.container.getById(container.getId()));
  const binding = NetworkSettings.Ports[`${String(port)}/tcp`]?.[0];
  if (binding === undefined) throw new Error(`port ${String(port)} is not published`);
  const host = binding.HostIp === "0.0.0.0" ? container.getHost() : binding.HostIp;
  return `${host}:${binding.HostPort}`;
}

/** Serves a page that says hello, and says so when it does. */
function webServer(): GenericContainer {
  return new GenericContainer("busybox")
    .withCommand(["sh", "-c", "httpd -h /srv; echo serving; exec sleep 1000"])
    .withCopyContentToContainer([{ content: "hello", target: "/srv/index.html" }])
    .withExposedPorts(80);
}

const serves = Wait.forSuccessfulCommand("wget -qO /dev/null http://localhost");

function sleeper(): GenericContainer {
  return new GenericContainer("busybox").withCommand(["sleep", "1000"]);
}

const scenarios: Readonly<Record<string, () => Promise<unknown>>> = {
  "waits for a line of the log": async () => {
    await using container = await webServer().withWaitStrategy(Wait.forLogMessage("serving")).start();
    const page = await fetch(`http://${await addressOf(container, 80)}/`);
    return {
      page: await page.text(),
      port: (await addressOf(container, 80)).endsWith(String(container.getMappedPort(80))),
    };
  },

  "waits for a health check": async () => {
    const check = {
      test: ["CMD", "wget", "-qO", "/dev/null", "http://localhost"] as ["CMD", ...string[]],
      interval: 200,
      retries: 50,
    };
    await using container = await webServer()
      .withHealthCheck(check)
      .withWaitStrategy(Wait.forHealthCheck())
      .start();
    return await (await fetch(`http://${await addressOf(container, 80)}/`)).text();
  },

  "waits for a command": async () => {
    await using container = await webServer().withWaitStrategy(serves).start();
    return await (await fetch(`http://${await addressOf(container, 80)}/`)).text();
  },

  "waits for a short run to end": async () => {
    const container = await new GenericContainer("busybox")
      .withCommand(["sh", "-c", "echo one; echo two >&2"])
      .withWaitStrategy(Wait.forOneShotStartup())
      .start();
    const lines = (await text(await container.logs())).split("\n").sort();
    await container.stop();
    return lines;
  },

  "executes, copies in and out, restarts": async () => {
    await using container = await webServer()
      .withWaitStrategy(serves) // not its log: after a restart a line may be older than the start
      .withEnvironment({ GREETING: "hi" })
      .start();
    const { exitCode, stdout, stderr } = await container.exec([
      "sh",
      "-c",
      "echo $GREETING; cat /srv/index.html; echo oops >&2; exit 3",
    ]);
    await container.copyContentToContainer([{ content: "later", target: "/srv/later.txt" }]);
    const copied = await container.exec(["cat", "/srv/later.txt"]);
    const archive = await container.copyArchiveFromContainer("/srv");
    let bytes = 0;
    for await (const chunk of archive) bytes += (chunk as Buffer).length;
    await container.restart();
    const page = await fetch(`http://${await addressOf(container, 80)}/later.txt`);
    return { exitCode, stdout, stderr, copied: copied.output, bytes, afterRestart: await page.text() };
  },
};

const networkScenarios: typeof scenarios = {
  "joins a network": async () => {
    await using network = await new Network().start();
    await using server = await webServer()
      .withNetwork(network)
      .withName("tc-server")
      .withWaitStrategy(Wait.forLogMessage("serving"))
      .start();
    await using client = await sleeper().withNetwork(network).start();
    const { output } = await client.exec(["wget", "-qO-", "http://tc-server"]);
    return { output, networks: server.getNetworkNames().length };
  },

  // Testcontainers creates such a container without its network and connects it before it starts.
  "joins a network under another name": async () => {
    await using network = await new Network().start();
    await using server = await webServer()
      .withNetwork(network)
      .withNetworkAliases("shop")
      .withWaitStrategy(Wait.forLogMessage("serving"))
      .start();
    await using client = await sleeper().withNetwork(network).start();
    const { output } = await client.exec(["wget", "-qO-", `http://shop`]);
    return server.getNetworkNames().length > 0 ? output : "no network";
  },
};

/** What needs the address of one node: all containers are there, and Testcontainers is told. */
const pinned: typeof scenarios = {
  "waits for listening ports": async () => {
    await using container = await webServer().withEnvironment(onNode()).start();
    return await (
      await fetch(`http://${container.getHost()}:${String(container.getMappedPort(80))}/`)
    ).text();
  },

  "waits for an answer over HTTP": async () => {
    await using container = await webServer()
      .withEnvironment(onNode())
      .withWaitStrategy(Wait.forHttp("/", 80))
      .start();
    return await (
      await fetch(`http://${container.getHost()}:${String(container.getMappedPort(80))}/`)
    ).text();
  },
};

function onNode(): Record<string, string> {
  const node = process.env.TEST_NODE;
  return node === undefined ? {} : { "constraint:node": `=${node}` };
}

const sets: Readonly<Record<string, typeof scenarios>> = {
  anywhere: scenarios,
  networks: networkScenarios,
  pinned,
};
const results: Record<string, unknown> = {};
setInterval(() => undefined, 60_000); // a stream of logs alone does not keep the process alive
for (const [name, run] of Object.entries(sets[process.argv[2] ?? ""] ?? {})) {
  console.error(name); // where it stands, should it hang
  results[name] = await run();
}
console.log(JSON.stringify(results));
process.exit(0);
