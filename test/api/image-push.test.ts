import { expect } from "chai";
import { silence } from "./support.ts";
import { listed, useManagers } from "./image-support.ts";

const AUTH = { "X-Registry-Auth": Buffer.from(JSON.stringify({ username: "me" })).toString("base64url") };

describe("api/images, push", () => {
  const { start, startSilent } = useManagers();

  describe("push", () => {
    it("streams from a node that has the image, with credentials and query, and knows the digest then", async () => {
      const started = await start({
        engines: [{ name: "node-1" }, { name: "node-2", images: ["me/app:1"] }],
      });
      started.engines.forEach(silence);
      const path = "/images/me/app/push?tag=1&platform=%7B%22os%22%3A%22linux%22%7D";
      const answer = await started.ask("POST", path, { headers: AUTH });
      expect(answer.status).to.equal(200);
      expect(answer.text)
        .to.include("The push refers to repository [me/app]")
        .and.include("1: digest: sha256:");
      expect(started.engines.map((engine) => engine.count("POST /images/*name/push"))).to.deep.equal([0, 1]);
      const sent = started.engines[1]!.requests.find(({ route }) => route === "POST /images/*name/push");
      expect(sent?.url).to.match(/\/images\/me\/app\/push\?tag=1&platform=%7B%22os%22%3A%22linux%22%7D$/);
      expect(sent?.headers["x-registry-auth"]).to.equal(AUTH["X-Registry-Auth"]);
      const [image] = (await listed(started)).filter(({ RepoTags }) => RepoTags.includes("me/app:1"));
      expect(image!.RepoDigests).to.have.length(2);
    });

    it("takes the tag from a form", async () => {
      const started = await start({ engines: [{ name: "node-1", images: ["me/app:1", "me/app:2"] }] });
      const answer = await started.ask("POST", "/images/me/app/push", {
        body: "tag=2",
        headers: { ...AUTH, "Content-Type": "application/x-www-form-urlencoded" },
      });
      expect(answer.text).to.include("2: digest").and.not.include("1: digest");
    });

    it("pushes all tags from the node with most of them", async () => {
      const started = await startSilent();
      await started.ask("POST", "/images/busybox/tag?repo=me/app&tag=1");
      const { state } = started.engines[1]!;
      const [image] = state.images.values();
      state.images.set(image!.id, { ...image!, tags: [...image!.tags, "me/app:2"] });
      state.images.set("sha256:f", { ...image!, id: "sha256:f", tags: ["other:1"] });
      await started.ask("POST", "/images/busybox/tag?repo=me/app&tag=1"); // the manager looks again
      const answer = await started.ask("POST", "/images/me/app/push", { headers: AUTH });
      expect(answer.text).to.include("1: digest").and.include("2: digest");
    });

    it("goes to the next node when one is lost", async () => {
      const started = await startSilent();
      await started.engines[0]!.hangUp();
      const answer = await started.ask("POST", "/images/busybox/push?tag=latest", { headers: AUTH });
      expect(answer.text).to.include("latest: digest");
    });

    it("passes an engine's refusal on", async () => {
      const answer = await (await start()).ask("POST", "/images/busybox/push");
      expect([answer.status, answer.message]).to.deep.equal([
        400,
        "Bad parameters and missing X-Registry-Auth: EOF",
      ]);
    });

    it("answers 404 for what nobody has, and 500 when no node can be reached", async () => {
      const started = await startSilent();
      const unknown = await started.ask("POST", "/images/busybox/push?tag=7", { headers: AUTH });
      expect([unknown.status, unknown.message]).to.deep.equal([404, "No such image: busybox:7"]);
      await Promise.all(started.engines.map((engine) => engine.hangUp()));
      const lost = await started.ask("POST", "/images/busybox/push", { headers: AUTH });
      expect(lost.status).to.equal(500);
      expect(lost.message).to.match(/^Cannot reach node node-\d at /);
    });
  });
});
