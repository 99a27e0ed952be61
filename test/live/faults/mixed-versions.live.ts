import { expect } from "chai";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { useManager } from "../support/use-manager.ts";

interface Versions {
  readonly ApiVersion: string;
  readonly MinAPIVersion: string;
}

const compare = (a: string, b: string) => a.localeCompare(b, undefined, { numeric: true });

describe("engines of different versions", () => {
  const manager = useManager();
  const versionsOf = async (name: string) =>
    JSON.parse((await lab().engine(name).api("GET", "/version")).body) as Versions;

  it("share what all of them speak", async () => {
    const each = await Promise.all(lab().engines.map(({ name }) => versionsOf(name)));
    const lowest = each.map(({ ApiVersion }) => ApiVersion).sort(compare)[0]!;
    const format = ["version", "--format", "{{.Server.APIVersion}} {{.Client.APIVersion}}"];
    const [server, client] = (await succeed(manager().docker, format)).split(" ");
    expect(compare(server!, lowest)).to.be.at.most(0);
    expect(client).to.equal(server);
    const answer = await fetch(`${manager().http}/_ping`);
    expect(answer.headers.get("api-version")).to.equal(server);
  });

  for (const name of ["node-1", "node-3"]) {
    it(`serve the docker client on ${name}`, async () => {
      const flags = ["--name", "web", "-e", `constraint:node==${name}`];
      await succeed(manager().docker, ["run", "-d", ...flags, "busybox", "sleep", "1000"]);
      expect(await succeed(manager().docker, ["exec", "web", "echo", "inside"])).to.equal("inside");
      expect(await succeed(manager().docker, ["ps", "--format", "{{.Names}}"])).to.equal(`${name}/web`);
      expect(await succeed(manager().docker, ["top", "web"])).to.include("sleep 1000");
      await succeed(manager().docker, ["rm", "-f", "web"]);
    });

    it(`serve a client of 2016 on ${name}`, async () => {
      const old = { env: { DOCKER_API_VERSION: "1.24" } };
      const run = ["run", "--rm", "-e", `constraint:node==${name}`, "busybox", "echo", "hello"];
      expect(await succeed(manager().docker, run, old)).to.equal("hello");
      const flags = ["--name", "web", "-e", `constraint:node==${name}`];
      await succeed(manager().docker, ["run", "-d", ...flags, "busybox", "sleep", "1000"], old);
      expect(await succeed(manager().docker, ["ps", "--format", "{{.Names}}"], old)).to.equal(`${name}/web`);
      expect(await succeed(manager().docker, ["exec", "web", "echo", "inside"], old)).to.equal("inside");
      const answer = await fetch(`${manager().http}/v1.24/containers/web/json`);
      expect(await answer.json()).to.have.nested.property("Node.Name", name);
    });
  }

  it("are shown with their own versions", async () => {
    for (const { name, rows } of await manager().nodes())
      expect(rows.ServerVersion).to.equal(lab().engine(name).version);
  });
});
