import { expect } from "chai";
import { lab } from "../support/fixtures.ts";
import { inspectOn, refused, running } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

describe("the docker CLI's commands for swarm mode", () => {
  const manager = useManager();

  // prettier-ignore
  const commands = [
    ["service", "ls"], ["service", "create", "--no-resolve-image", "busybox"], ["service", "inspect", "x"],
    ["stack", "ls"], ["stack", "ps", "x"],
    ["node", "ls"], ["node", "inspect", "self"],
    ["secret", "ls"], ["config", "ls"],
    ["swarm", "update", "--task-history-limit", "3"], ["swarm", "join-token", "worker"], ["swarm", "ca"],
  ];
  for (const args of commands) {
    it(`docker ${args.join(" ")} is told that this is no swarm manager`, async () => {
      const lines = await refused(manager().docker, args);
      expect(lines.join("\n")).to.match(/^(.*: )?this node is not a swarm manager\. Use /i);
    });
  }

  for (const args of [
    ["swarm", "init"],
    ["swarm", "join", "--token", "x", "10.0.0.1:2377"],
  ]) {
    it(`docker ${args.join(" ")} is told that it never will be`, async () => {
      const [text] = await refused(manager().docker, args);
      expect(text).to.include("not a swarm manager and cannot become one");
    });
  }

  it("docker swarm leave is told that there is nothing to leave", async () => {
    const [text] = await refused(manager().docker, ["swarm", "leave", "--force"]);
    expect(text).to.include("This node is not part of a swarm");
  });
});

describe("checkpoints on engines that have none", () => {
  const manager = useManager();

  for (const node of ["node-1", "node-3"]) {
    // prettier-ignore
    const requests = [
      { method: "GET",    path: "" },
      { method: "POST",   path: "", body: '{"CheckpointID":"cp1"}' },
      { method: "DELETE", path: "/cp1" },
    ];
    for (const { method, path, body = null } of requests) {
      it(`${method} is refused in the words of ${node}, and the container stays`, async () => {
        const id = await running(manager().docker, "--name", "web", "-e", `constraint:node==${node}`);
        const headers = { "Content-Type": "application/json" };
        const answer = await fetch(`${manager().http}/containers/web/checkpoints${path}`, {
          method,
          body,
          headers,
        });
        const { message } = (await answer.json()) as { message: string };
        expect(answer.status).to.equal(501);
        expect(message).to.match(/^This experimental feature is disabled by default\./);
        expect((await inspectOn(lab().engine(node), id)).Id).to.equal(id);
      });
    }
  }
});
