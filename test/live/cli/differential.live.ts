import { expect } from "chai";
import { dockerAt, expectSame, succeed } from "../support/docker-cli.ts";
import type { Docker } from "../support/docker-cli.ts";
import { bothWays } from "../support/both-ways.ts";
import { lab } from "../support/fixtures.ts";
import { useManager } from "../support/use-manager.ts";
import { differences, sequences } from "./differential-table.ts";
import type { Step } from "./differential-table.ts";

/** Runs command lines one after the other; words end at spaces, but for 'quoted' ones. */
const follow = (steps: readonly Step[]) => async (docker: Docker) => {
  for (const step of steps) {
    const { command, input } = typeof step === "string" ? { command: step, input: undefined } : step;
    const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");
    await docker(words, input === undefined ? {} : { input });
  }
};

for (const { node, alone } of [
  { node: "node-1", alone: false }, // among others, the manager speaks the oldest engine's API
  { node: "node-3", alone: true },
]) {
  describe(`the docker client says the same through a manager as on ${node} itself`, () => {
    const options = alone
      ? () => ({ discovery: `nodes://${lab().engine(node).addr}`, healthyNodes: 1 })
      : undefined;
    const manager = useManager(options);
    after(async () => {
      await dockerAt(lab().engine(node).url)(["rmi", "-f", "127.0.0.1:1/diff:1"]);
    });

    for (const { it: title, steps } of sequences) {
      it(
        title,
        async () => await expectSame(bothWays(lab().engine(node), manager(), differences), follow(steps)),
      );
    }

    it("reading one and the same container", async () => {
      const ways = bothWays(lab().engine(node), manager(), differences);
      const options = ["-di", "--name", "box", "--label", "x=y", "-v", "/data"];
      await succeed(ways.manager, ["run", ...options, "busybox", "sh", "-c", "echo out; cat"]);
      const reads = ["logs -t box", "logs --details box", "top box -o pid,args", "diff box", "port box"];
      const lists = [
        "ps",
        "ps -s",
        "ps --no-trunc",
        "ps --format json",
        "ps --format {{.Labels}}",
        "inspect -s -f {{.SizeRw}} box",
      ];
      await expectSame(ways, follow([...reads, ...lists]));
    });

    it("inspect, but for the node", async () => {
      const ways = bothWays(lab().engine(node), manager(), differences);
      await succeed(ways.manager, ["run", "-d", "--name", "box", "busybox", "sleep", "1000"]);
      const inspect = async (docker: Docker) =>
        JSON.parse(await succeed(docker, ["inspect", "box"])) as [Record<string, unknown>];
      const [direct] = await inspect(ways.direct);
      const [{ Node, ...managed }] = await inspect(ways.manager);
      expect(managed).to.deep.equal(direct);
      expect(Node).to.include({ Name: node });
    });
  });
}
