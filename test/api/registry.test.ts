import { expect } from "chai";
import { startManager, type TestManager } from "./support.ts";

const AUTH = { "X-Registry-Auth": Buffer.from(JSON.stringify({ username: "me" })).toString("base64url") };

describe("api/registry", () => {
  let manager: TestManager | undefined;
  afterEach(() => manager?.[Symbol.asyncDispose]());
  const start = async (): Promise<TestManager> =>
    (manager = await startManager({
      config: { engine: { refreshMinMs: 30_000, refreshMaxMs: 60_000, failureRetry: 1_000 } },
    }));

  it("logs in by one engine, whose answer is the client's", async () => {
    const { ask, engines } = await start();
    const body = { username: "me", password: "secret", identitytoken: "token", serveraddress: "reg.io" };
    const answer = await ask("POST", "/auth", { body });
    expect(answer.status).to.equal(200);
    expect(answer.json()).to.deep.equal({ Status: "Login Succeeded", IdentityToken: "token" });
    expect(engines.reduce((sum, engine) => sum + engine.count("POST /auth"), 0)).to.equal(1);
  });

  it("passes a refused login on, and asks nobody else", async () => {
    const { ask, engines } = await start();
    const answer = await ask("POST", "/auth", { body: { username: "me", password: "wrong" } });
    expect([answer.status, answer.message]).to.deep.equal([
      401,
      "login attempt failed with status: 401 Unauthorized",
    ]);
    expect(engines.reduce((sum, engine) => sum + engine.count("POST /auth"), 0)).to.equal(1);
  });

  it("searches with the client's query and credentials", async () => {
    const { ask, engines } = await start();
    const answer = await ask("GET", "/images/search?term=hello&limit=3", { headers: AUTH });
    expect((answer.json() as { name: string }[]).map(({ name }) => name)).to.deep.equal(["hello-world"]);
    const sent = engines.flatMap(({ requests }) => requests).find(({ url }) => url.includes("search"));
    expect(sent?.url).to.match(/\/images\/search\?term=hello&limit=3$/);
    expect(sent?.headers["x-registry-auth"]).to.equal(AUTH["X-Registry-Auth"]);
  });

  it("asks about an image in its registry", async () => {
    const { ask } = await start();
    const known = await ask("GET", "/distribution/docker.io/library/redis:alpine/json", { headers: AUTH });
    expect((known.json() as { Platforms: unknown }).Platforms).to.deep.equal([
      { architecture: "amd64", os: "linux" },
    ]);
    const unknown = await ask("GET", "/distribution/nope/json");
    expect(unknown.status).to.equal(404);
  });

  for (const name of ["a%2F..%2F..%2Fcontainers", "..%2Finfo", "%2Fa"]) {
    it(`takes ${name} for no image`, async () => {
      const { ask, engines } = await start();
      const answer = await ask("GET", `/distribution/${name}/json`);
      expect([answer.status, answer.message]).to.deep.equal([400, "invalid reference format"]);
      const sent = engines
        .flatMap(({ requests }) => requests)
        .filter(({ url }) => url.includes("distribution"));
      expect(sent).to.deep.equal([]);
    });
  }

  it("goes to the next engine when one is lost, and again with the whole body", async () => {
    const { ask, engines } = await start();
    await engines[0]!.hangUp();
    await engines[1]!.hangUp();
    const login = await ask("POST", "/auth", { body: { username: "me", password: "secret" } });
    expect([login.status, login.fields().Status]).to.deep.equal([200, "Login Succeeded"]);
    expect((await ask("GET", "/images/search?term=redis")).status).to.equal(200);
    expect((await ask("GET", "/distribution/redis/json")).status).to.equal(200);
  });

  it("names the node when nobody can be reached", async () => {
    const { ask, engines } = await start();
    await Promise.all(engines.map((engine) => engine.hangUp()));
    const answer = await ask("GET", "/images/search?term=redis");
    expect(answer.status).to.equal(500);
    expect(answer.message).to.match(/^Cannot reach node node-\d at /);
  });
});
