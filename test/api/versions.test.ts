import { expect } from "chai";
import type { EngineVersions } from "../../bench/fleet/index.ts";
import { startManager, type Answer, type TestManager } from "./support.ts";

const ages: readonly EngineVersions[] = [
  { apiVersion: "1.41", minApiVersion: "1.12", serverVersion: "20.10.24" },
  { apiVersion: "1.45", minApiVersion: "1.24", serverVersion: "26.1.5" },
  { apiVersion: "1.51", minApiVersion: "1.24", serverVersion: "28.5.2" },
];
const minorOf = (version: string): number => Number(version.split(".")[1]);
const minors = Array.from({ length: 51 - 24 + 1 }, (_, n) => 24 + n);

describe("a client of any API version, over engines of three ages", () => {
  let manager: TestManager;
  before(async () => {
    manager = await startManager({
      engines: ages.map((version, n) => ({ name: `node-${n + 1}`, version, keepRequests: 500 })),
    });
  });
  after(() => manager[Symbol.asyncDispose]());
  /** What the engine was last asked for in the client's name; the manager's own looks may come between. */
  const forwardedTop = (n: number) =>
    manager.engines[n]!.requests.map(({ url }) => url).findLast((url) => url.endsWith("/top"));

  for (const minor of minors) {
    const v = `/v1.${minor}`;
    const ok = async (method: string, path: string, status = 200, body?: unknown): Promise<Answer> => {
      const answer = await manager.ask(method, `${v}${path}`, body === undefined ? {} : { body });
      expect(answer.status, `${method} ${path}: ${answer.text}`).to.equal(status);
      expect(answer.headers["api-version"]).to.equal("1.41");
      return answer;
    };

    it(`1.${minor}: asks about the cluster`, async () => {
      expect((await ok("GET", "/_ping")).text).to.equal("OK");
      await ok("HEAD", "/_ping");
      expect((await ok("GET", "/version")).fields()).to.include({
        ApiVersion: "1.41",
        MinAPIVersion: "1.24",
      });
      expect((await ok("GET", "/info")).fields()).to.have.property("Containers");
      expect((await ok("GET", "/images/json")).json()).to.have.length(1);
      expect((await ok("GET", "/networks")).json()).to.have.length(9);
      expect((await ok("GET", "/volumes")).fields()).to.have.property("Volumes");
      expect((await ok("GET", "/images/busybox/json")).fields()).to.have.property("Id");
      expect((await ok("GET", "/networks/node-3%2Fbridge")).fields()).to.include({ Driver: "bridge" });
      const events = await ok("GET", "/events?since=1&until=2");
      expect(events.headers["content-type"]).to.equal("application/json");
    });

    for (const [n, { apiVersion }] of ages.entries()) {
      it(`1.${minor}: runs a container on an engine of ${apiVersion}, which hears no version it does not speak`, async () => {
        const engine = manager.engines[n]!;
        engine.requests.length = 0;
        const name = `web-${minor}-${n}`;
        const Env = [`constraint:node==node-${n + 1}`];
        const body = { Image: "busybox", Cmd: ["sh", "-c", "echo hello"], Env };
        const created = (await ok("POST", `/containers/create?name=${name}`, 201, body)).fields();
        expect(created).to.have.all.keys("Id", "Warnings");
        await ok("POST", `/containers/${name}/start`, 204);
        expect((await ok("POST", `/containers/${name}/wait`)).fields()).to.have.property("StatusCode", 0);
        const inspected = (await ok("GET", `/containers/${name}/json`)).fields();
        expect(inspected).to.have.nested.property("Node.Name", `node-${n + 1}`);
        const listed = (await ok("GET", "/containers/json?all=1")).json() as { Names: string[] }[];
        expect(listed.flatMap(({ Names }) => Names)).to.include(`/node-${n + 1}/${name}`);
        await ok("GET", `/containers/${name}/logs?stdout=1`);
        await ok("DELETE", `/containers/${name}`, 204);

        const spoken = engine.requests.flatMap(
          ({ url }) => /^\/v1\.(\d+)\//.exec(url)?.slice(1).map(Number) ?? [],
        );
        expect(Math.max(...spoken)).to.be.at.most(minorOf(apiVersion));
        // What the client asks for itself is asked in its own version, as far as the engine speaks it.
        const logs = engine.requests.find(({ url }) => url.includes("/logs"));
        expect(logs?.url).to.match(new RegExp(`^/v1\\.${Math.min(minor, minorOf(apiVersion))}/`));
      });
    }
  }

  it("has VirtualSize of images as the client's version has it", async () => {
    const sizes = async (prefix: string) => {
      const [image] = (await manager.ask("GET", `${prefix}/images/json`)).json() as Record<string, unknown>[];
      return { size: image?.Size, virtual: image?.VirtualSize };
    };
    for (const prefix of ["/v1.24", "/v1.43"]) {
      const { size, virtual } = await sizes(prefix);
      expect(virtual, prefix).to.equal(size).and.to.be.a("number");
    }
    expect((await sizes("/v1.44")).virtual).to.equal(undefined);
    expect((await sizes("/v1.51")).virtual).to.equal(undefined);
  });

  // prettier-ignore
  const refused = ["1.23", "1.12", "1.0", "0.9"];
  for (const version of refused) {
    it(`refuses ${version} as too old, but not its _ping and version`, async () => {
      const answer = await manager.ask("GET", `/v${version}/containers/json`);
      expect(answer.status).to.equal(400);
      expect(answer.headers["content-type"]).to.equal("application/json");
      expect(answer.message).to.equal(
        `client version ${version} is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version`,
      );
      for (const path of ["/_ping", "/version"])
        expect(await manager.ask("GET", `/v${version}${path}`)).to.include({ status: 200 });
    });
  }

  it("serves one that is newer than everything, in what each engine speaks", async () => {
    for (const version of ["1.52", "1.99", "2.0"]) {
      for (const [n, { apiVersion }] of ages.entries()) {
        const id = await manager.run({ Env: [`constraint:node==node-${n + 1}`] });
        const top = await manager.ask("GET", `/v${version}/containers/${id}/top`);
        expect(top.status, top.text).to.equal(200);
        expect(forwardedTop(n)).to.equal(`/v${apiVersion}/containers/${id}/top`);
        expect(await manager.ask("DELETE", `/v${version}/containers/${id}?force=1`)).to.include({
          status: 204,
        });
      }
    }
  });

  it("serves one that names no version in what all engines speak", async () => {
    const id = await manager.run({ Env: ["constraint:node==node-3"] });
    await manager.ask("GET", `/containers/${id}/top`);
    expect(forwardedTop(2)).to.equal(`/v1.41/containers/${id}/top`);
  });
});

describe("engines that have no API version in common", () => {
  const oldAndNew = [ages[0]!, { apiVersion: "1.52", minApiVersion: "1.44", serverVersion: "29.0.0" }];

  it("share a pool: the lower maximum is advertised and each is spoken to in its own range", async () => {
    await using manager = await startManager({
      engines: oldAndNew.map((version, n) => ({ name: `node-${n + 1}`, version })),
    });
    expect((await manager.ask("GET", "/version")).fields()).to.include({
      ApiVersion: "1.41",
      MinAPIVersion: "1.24",
    });
    for (const prefix of ["/v1.24", "/v1.41", "/v1.44", "/v1.51", ""]) {
      for (const node of ["node-1", "node-2"]) {
        const id = await manager.run({ Env: [`constraint:node==${node}`] });
        const answer = await manager.ask("GET", `${prefix}/containers/${id}/top`);
        expect(answer.status, `${prefix} ${node}: ${answer.text}`).to.equal(200);
      }
    }
  });

  it("alone, advertise what they speak, and refuse older clients", async () => {
    await using manager = await startManager({ engines: [{ name: "node-1", version: oldAndNew[1]! }] });
    expect((await manager.ask("GET", "/version")).fields()).to.include({
      ApiVersion: "1.51",
      MinAPIVersion: "1.44",
    });
    const answer = await manager.ask("GET", "/v1.43/info");
    expect(answer.status).to.equal(400);
    expect(answer.message).to.match(
      /^client version 1\.43 is too old\. Minimum supported API version is 1\.44,/,
    );
  });
});
