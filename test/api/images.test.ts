import { expect } from "chai";
import { silence, until } from "./support.ts";
import { listed, steadfast, tagsOf, useManagers, type Image } from "./image-support.ts";

const OLD = { apiVersion: "1.41", minApiVersion: "1.12", serverVersion: "20.10.24" };
const NEW = { apiVersion: "1.51", minApiVersion: "1.24", serverVersion: "28.5.2" };

describe("api/images", () => {
  const { start, startSilent } = useManagers();

  describe("list", () => {
    it("counts containers for clients of 1.51, on all nodes, whatever their engines can", async () => {
      const started = await start({
        engines: [
          { name: "old", version: OLD, containers: 2 },
          { name: "new", version: NEW, containers: 3 },
        ],
      });
      expect((await listed(started, "?all=1"))[0]?.Containers).to.equal(-1);
      const answer = await started.ask("GET", "/v1.51/images/json");
      expect((answer.json() as Image[]).map(({ Containers }) => Containers)).to.deep.equal([5]);
      expect(started.engines.map((engine) => engine.count("GET /images/json"))).to.deep.equal([1, 1]);
    });

    it("asks engines for shared sizes, when the client knows them", async () => {
      const started = await start({ engines: [{ name: "new", version: NEW }] });
      const sizes = async (version: string): Promise<readonly number[]> =>
        ((await started.ask("GET", `/v${version}/images/json?shared-size=1`)).json() as Image[]).map(
          ({ SharedSize }) => SharedSize,
        );
      expect(await sizes("1.41")).to.deep.equal([-1]);
      expect(started.engines[0]!.count("GET /images/json")).to.equal(1);
      expect(await sizes("1.42")).to.deep.equal([0]);
      expect(started.engines[0]!.requests.map(({ url }) => url)).to.include(
        "/v1.42/images/json?all=1&shared-size=1",
      );
    });

    it("shows what was known of a node that cannot look up", async () => {
      const { ask, engines, log } = await start({
        engines: [
          { name: "node-1", version: NEW },
          { name: "node-2", version: NEW, images: ["redis"] },
        ],
      });
      engines[1]!.failNext("GET /images/json", 500, "disk on fire");
      const answer = await ask("GET", "/v1.47/images/json?manifests=1");
      expect((answer.json() as Image[]).flatMap(({ RepoTags }) => RepoTags).sort()).to.deep.equal([
        "busybox:latest",
        "redis:latest",
      ]);
      expect(answer.headers.warning).to.equal('299 swarm "node-2: disk on fire"');
      expect(log.join("")).to.include("disk on fire");
    });
  });

  describe("tag", () => {
    it("tags on every node that has the image, and shows it at once", async () => {
      const started = await start({
        engines: [{ name: "node-1" }, { name: "node-2", images: ["redis"] }, { name: "node-3" }],
      });
      started.engines.forEach(silence);
      const answer = await started.ask("POST", "/images/docker.io/library/busybox/tag?repo=me/app&tag=1");
      expect([answer.status, answer.text]).to.deep.equal([201, ""]);
      expect(started.engines.map(tagsOf)).to.deep.equal([
        ["busybox:latest", "me/app:1"],
        ["redis:latest"],
        ["busybox:latest", "me/app:1"],
      ]);
      const [image] = await listed(started, '?filters={"reference":["me/app"]}');
      expect(image?.RepoTags).to.deep.equal(["me/app:1"]);
    });

    it("takes an ID, and its parameters from a form", async () => {
      const started = await startSilent();
      const [image] = await listed(started);
      const { status } = await started.ask("POST", `/images/${image!.Id.slice(7, 19)}/tag`, {
        body: "repo=form&tag=x",
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
      });
      expect(status).to.equal(201);
      expect(started.engines.map(tagsOf)).to.deep.equal(
        Array.from({ length: 3 }, () => ["busybox:latest", "form:x"]),
      );
    });

    // prettier-ignore
    const refused: readonly { readonly path: string; readonly status: number; readonly says: string }[] = [
      { path: "/images/nope/tag?repo=x",               status: 404, says: "No such image: nope" },
      { path: "/images/busybox/tag?repo=BAD&tag=bar",  status: 400, says: 'Error parsing reference: "BAD:bar" is not a valid repository/tag: invalid reference format: repository name must be lowercase' },
      { path: "/images/busybox/tag",                   status: 400, says: 'Error parsing reference: "" is not a valid repository/tag: invalid reference format' },
    ];
    for (const { path, status, says } of refused) {
      it(`answers ${path} with ${status}, asking no engine`, async () => {
        const { ask, engines } = await start();
        const answer = await ask("POST", path);
        expect([answer.status, answer.message]).to.deep.equal([status, says]);
        expect(engines.map((engine) => engine.count("POST /images/*name/tag"))).to.deep.equal([0, 0, 0]);
      });
    }

    it("says which node refused, though others have the tag", async () => {
      const { ask, engines } = await startSilent();
      engines[1]!.failNext("POST /images/*name/tag", 409, "not today");
      const answer = await ask("POST", "/images/busybox/tag?repo=x");
      expect([answer.status, answer.message]).to.deep.equal([500, "node-2: not today"]);
      expect(tagsOf(engines[0]!)).to.include("x:latest");
    });

    it("keeps a status all nodes agree on", async () => {
      const { ask, engines } = await startSilent();
      for (const engine of engines) engine.failNext("POST /images/*name/tag", 409, "not today");
      const answer = await ask("POST", "/images/busybox/tag?repo=x");
      expect([answer.status, answer.message]).to.deep.equal([
        409,
        "node-1: not today\nnode-2: not today\nnode-3: not today",
      ]);
    });

    it("does without a node that no longer has the image", async () => {
      const started = await startSilent();
      started.engines[2]!.state.images.clear();
      const answer = await started.ask("POST", "/images/busybox/tag?repo=x");
      expect([answer.status, answer.headers.warning]).to.deep.equal([201, undefined]);
      const filters = encodeURIComponent('{"node":["node-3"]}');
      expect(await listed(started, `?filters=${filters}`)).to.deep.equal([]);
    });

    it("warns of a node that cannot be reached", async () => {
      const started = await startSilent();
      await started.engines[0]!.hangUp();
      const answer = await started.ask("POST", "/images/busybox/tag?repo=x");
      expect(answer.status).to.equal(201);
      expect(answer.headers.warning).to.match(/^299 swarm "node-1: Cannot connect to the Docker daemon at /);
      expect(started.log.join("")).to.include("a node could not tag an image");
    });

    it("warns of a node that is not healthy, and needs one that is", async () => {
      const started = await start({
        config: { engine: { refreshMinMs: 20, refreshMaxMs: 20, failureRetry: 1 } },
      });
      const unhealthy = async (count: number): Promise<boolean> =>
        (await started.ask("GET", "/info")).text.split('"Unhealthy"').length === count + 1;
      await started.engines[0]!.hangUp();
      await until(() => unhealthy(1), "node-1 is unhealthy");
      const answer = await started.ask("POST", "/images/busybox/tag?repo=x");
      expect([answer.status, answer.headers.warning]).to.deep.equal([201, '299 swarm "node-1: not healthy"']);

      await Promise.all(started.engines.slice(1).map((engine) => engine.hangUp()));
      await until(() => unhealthy(3), "all nodes are unhealthy");
      const refused = await started.ask("POST", "/images/busybox/tag?repo=x");
      expect([refused.status, refused.message]).to.deep.equal([500, "No healthy node holds image busybox"]);
    }).timeout(10_000);
  });

  describe("read", () => {
    it("goes to the next node when one is lost", async () => {
      const started = await startSilent();
      await started.engines[0]!.hangUp();
      const answer = await started.ask("GET", "/images/busybox/json");
      expect([answer.status, answer.fields().RepoTags]).to.deep.equal([200, ["busybox:latest"]]);
    });
    it("finds one name with another image on each node", async () => {
      const started = await start({
        config: steadfast,
        engines: [{ name: "node-1" }, { name: "node-2", images: ["redis"] }],
      });
      await started.ask("POST", "/images/redis/tag?repo=busybox");
      await started.engines[0]!.hangUp();
      const answer = await started.ask("GET", "/images/busybox/history");
      expect([answer.status, (answer.json() as { Id: string }[])[0]?.Id]).to.deep.equal([
        200,
        [...started.engines[1]!.state.images.keys()][0],
      ]);
    });
  });
});
