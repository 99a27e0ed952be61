import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";
import { toolEnvironment } from "../../lab/command.ts";
import type { LabEngine } from "../../lab/engine.ts";
import { eventually } from "../../lab/eventually.ts";
import { LabRegistry } from "../../lab/registry.ts";
import { clientConfig } from "../support/client-config.ts";
import type { ClientConfig } from "../support/client-config.ts";
import { succeed } from "../support/docker-cli.ts";
import type { Docker } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { nodeOf } from "../support/placing.ts";
import { Session } from "../support/session.ts";
import { useManager } from "../support/use-manager.ts";

/** The nodes that hold an image, asked themselves. */
async function holders(image: string): Promise<readonly string[]> {
  const held = async (engine: LabEngine) => (await engine.docker(["images", "-q", image])).stdout !== "";
  const answers = await Promise.all(lab().engines.map(held));
  return lab()
    .engines.filter((_, index) => answers[index])
    .map(({ name }) => name);
}

/** Pushes an image with a layer that no engine has. */
async function pushedWithLayer(registry: LabRegistry, name: string): Promise<string> {
  const maker = lab().engine("node-1");
  const script = "head -c 3000000 /dev/urandom > /payload";
  await succeed(maker.docker.bind(maker), ["run", "--name", "maker", "busybox", "sh", "-c", script]);
  await succeed(maker.docker.bind(maker), ["commit", "-c", 'CMD ["sh"]', "maker", "with-layer"]);
  await succeed(maker.docker.bind(maker), ["rm", "maker"]);
  try {
    return await registry.push(maker, name, "with-layer");
  } finally {
    await maker.docker(["rmi", "with-layer"]);
  }
}

describe("an image of a private registry", () => {
  const manager = useManager();
  let registry: LabRegistry;
  let config: ClientConfig;
  /** Logged in. */
  let docker: Docker;
  let image: string;
  const strangers = (args: readonly string[]) => manager().docker(args);

  before(async () => {
    registry = await LabRegistry.start(lab(), { login: true });
    config = await clientConfig();
    docker = config.at(manager().url);
    image = await pushedWithLayer(registry, "team/app:1");
  });
  beforeEach(async () => {
    const login = ["login", "-u", registry.user, "--password-stdin", registry.address];
    await succeed(docker, login, { input: registry.password });
  });
  afterEach(async () => {
    await Promise.all(lab().engines.map((engine) => engine.docker(["rmi", "-f", image])));
    const known = async () => (await manager().docker(["images", "-q", image])).stdout !== "";
    await eventually("the manager has forgotten the image", async () => !(await known()));
  });
  after(async () => {
    config[Symbol.dispose]();
    await registry[Symbol.asyncDispose]();
  });

  it("runs after `docker login`, pulled on the chosen node alone, in the client's own words", async () => {
    const { code, stdout, stderr } = await docker(["run", "--name", "private", image, "echo", "ran"]);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.equal("ran\n");
    expect(stderr).to.match(/^Unable to find image '.*team\/app:1' locally\n1: Pulling from team\/app\n/);
    expect(stderr).to.match(/: Pull complete\n/);
    expect(stderr).to.include(`Status: Downloaded newer image for ${image}`);
    expect(await holders(image)).to.deep.equal([await nodeOf(manager().docker, "private")]);
  });

  it("shows the client's progress bars at a terminal", async () => {
    await using session = Session.startAtTerminal(manager().url, [
      "--config",
      config.folder,
      "run",
      image,
      "echo",
      "ran",
    ]);
    await session.until(/Pull complete/);
    await session.until("ran\r\n");
    // Redrawn in place, one line a layer: a pull on several nodes is lines of text with their names.
    const redrawn = session.output.split("\u001b[1A\u001b[2K\r");
    expect(redrawn.some((line) => /^[0-9a-f]{12}: (Downloading|Extracting) +\[/.test(line))).to.equal(true);
    expect(session.output).to.not.match(/node-\d/);
  });

  it("goes to the node a constraint names, and stays away from the others", async () => {
    for (const node of ["node-3", "node-2"]) {
      const id = await succeed(docker, ["create", "-q", "-e", `constraint:node==${node}`, image]);
      expect(await nodeOf(manager().docker, id)).to.equal(node);
      expect(await holders(image)).to.include(node);
    }
    // The second node got it from the first: a plain pull of the manager's was refused.
    expect(await holders(image)).to.deep.equal(["node-2", "node-3"]);
  });

  it("spreads concurrent runs, each node pulling for its own", async () => {
    const runs = await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        docker(["run", "-d", "--name", `many-${String(n)}`, image, "sleep", "1000"]),
      ),
    );
    for (const { code, stderr } of runs) expect(code, stderr).to.equal(0);
    const nodes = await Promise.all(runs.map((_, n) => nodeOf(manager().docker, `many-${String(n)}`)));
    const counts = lab().engines.map(({ name }) => nodes.filter((node) => node === name).length);
    expect(counts.reduce((sum, count) => sum + count, 0)).to.equal(5);
    expect(Math.max(...counts), counts.join(" ")).to.equal(2);
    expect(await holders(image)).to.have.length(3);
  });

  it("is refused without a login, with the registry's reason, from one node", async () => {
    const { code, stderr } = await strangers(["run", image]);
    expect(code).to.equal(125);
    expect(stderr).to.match(/^Unable to find image '.*' locally\n(docker: )?Error response from daemon: /);
    expect(stderr).to.match(/no basic auth credentials|authentication required|unauthorized/);
    expect(stderr, "a pull on several nodes names them").to.not.include("node-");
    expect(await holders(image)).to.deep.equal([]);
    expect(await succeed(manager().docker, ["ps", "-aq"])).to.equal("");
  });

  it("is there for a login that came too late for the first run", async () => {
    expect((await strangers(["run", image])).code).to.equal(125);
    expect(await succeed(docker, ["run", "-q", image, "echo", "ran"])).to.equal("ran");
  });

  it("cannot be had with a wrong password", async () => {
    const wrong = { [registry.address]: { auth: Buffer.from(`${registry.user}:wrong`).toString("base64") } };
    using intruder = await clientConfig({ auths: wrong });
    const { code, stderr } = await intruder.at(manager().url)(["run", image]);
    expect(code).to.equal(125);
    expect(stderr).to.match(/unauthorized|authentication required|no basic auth credentials/);
    expect(await holders(image)).to.deep.equal([]);
  });

  it("is pulled first with `--pull always`, as by `docker pull`", async () => {
    expect(await succeed(docker, ["run", "-q", "--pull", "always", image, "echo", "ran"])).to.equal("ran");
    expect(await holders(image)).to.have.length(3);
  });

  it("can be run by its digest", async () => {
    const digest = /sha256:[0-9a-f]{64}/.exec((await docker(["pull", image])).stdout)?.[0] ?? "";
    await Promise.all(lab().engines.map((engine) => engine.docker(["rmi", "-f", image])));
    const byDigest = `${registry.image("team/app")}@${digest}`;
    await eventually(
      "the manager has forgotten the image",
      async () => (await manager().docker(["images", "-q", "--no-trunc", byDigest])).stdout === "",
    );
    expect(await succeed(docker, ["run", "-q", byDigest, "echo", "ran"])).to.equal("ran");
    await Promise.all(lab().engines.map((engine) => engine.docker(["rmi", "-f", byDigest])));
  });

  it("runs by the Python SDK, which pulls when it is told that the image is missing", async () => {
    const script = `import docker; print(docker.from_env().containers.run("${image}", "echo ran").decode(), end="")`;
    const env = { ...toolEnvironment(), ...config.env, DOCKER_HOST: manager().url };
    const { stdout } = await promisify(execFile)("/usr/bin/python3", ["-c", script], {
      env,
      timeout: 60_000,
    });
    expect(stdout).to.equal("ran\n");
    expect(await holders(image)).to.have.length(1);
  });

  it("comes up with compose, which pulls before it creates", async () => {
    const file = JSON.stringify({ services: { web: { image, command: "sleep 1000" } } });
    const compose = ["compose", "-p", "private", "-f", "-"];
    await succeed(docker, [...compose, "up", "-d"], { input: file });
    expect(await succeed(docker, [...compose, "ps", "-q"], { input: file })).to.match(/^[0-9a-f]{64}$/);
    await succeed(docker, [...compose, "down", "-t", "0"], { input: file });
  });

  it("leaves no trace of the credentials in the log", async () => {
    await succeed(docker, ["run", "-q", "--rm", image, "true"]);
    const secrets = [
      registry.password,
      Buffer.from(`${registry.user}:${registry.password}`).toString("base64"),
    ];
    for (const secret of secrets) expect(manager().logs).to.not.include(secret);
  });

  it("is not pulled with `--pull never`", async () => {
    const { code, stderr } = await docker(["run", "--pull", "never", image]);
    expect(code).to.equal(125);
    expect(stderr).to.match(/^docker: Error response from daemon: No such image: .*team\/app:1\n/);
    expect(await holders(image)).to.deep.equal([]);
    // What was kept for its pull is not in anybody's way.
    expect(await succeed(docker, ["run", "-q", "--rm", image, "echo", "ran"])).to.equal("ran");
  });
});

describe("clients that do not pull when an image is missing", () => {
  const manager = useManager();
  let registry: LabRegistry;
  let image: string;
  before(async () => {
    registry = await LabRegistry.start(lab(), { login: true });
    image = await registry.push(lab().engine("node-1"), "team/other:1");
  });
  after(async () => await registry[Symbol.asyncDispose]());

  const clients: readonly (readonly [who: string, headers: Record<string, string>])[] = [
    ["an unknown client", { "User-Agent": "curl/8" }],
    ["compose", { "User-Agent": "compose/2.40.3" }],
    ["buildx", { "User-Agent": "Go-http-client/1.1" }],
  ];
  for (const [who, headers] of clients) {
    it(`${who} gets the reason and 500, never 404`, async () => {
      const answer = await fetch(`${manager().http}/v1.41/containers/create`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify({ Image: image }),
      });
      expect(answer.status).to.equal(500);
      expect(await answer.text()).to.match(/no basic auth credentials|authentication required|unauthorized/);
    });
  }
});
