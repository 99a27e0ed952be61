import { expect } from "chai";
import { parseClusterOptions } from "../../src/cli/cluster-options.ts";

const unset = {
  overcommit: 0.05,
  createRetry: 0,
  rules: { modern: false },
  countMemoryReservation: false,
  strictLabels: false,
  pullNodes: [] as string[],
  followImage: "fallback",
  builderNode: "",
};

describe("cli/cluster-options", () => {
  // prettier-ignore
  const good = [
    { it: "has defaults",                     options: [],                              is: {} },
    { it: "reads overcommit",                 options: ["swarm.overcommit=0.5"],        is: { overcommit: 0.5 } },
    { it: "reads an octal retry count",       options: ["swarm.createretry=010"],       is: { createRetry: 8 } },
    { it: "reads a hexadecimal retry count",  options: ["swarm.createretry=0x2"],       is: { createRetry: 2 } },
    { it: "lets the last of a key win",       options: ["swarm.createretry=1", "swarm.createretry=2"], is: { createRetry: 2 } },
    { it: "reads modern rules",               options: ["swarm.rules=modern"],          is: { rules: { modern: true } } },
    { it: "reads classic rules",              options: ["swarm.rules=classic"],         is: {} },
    { it: "counts memory reservations",       options: ["swarm.memoryreservation=1"],   is: { countMemoryReservation: true } },
    { it: "is strict about labels",           options: ["swarm.strictlabels=true"],     is: { strictLabels: true } },
    { it: "pulls on every node",              options: ["swarm.pullnodes=all"],         is: {} },
    { it: "pulls where a constraint says",    options: ["swarm.pullnodes=region==eu"],  is: { pullNodes: ["region==eu"] } },
    { it: "pulls where several say",          options: ['swarm.pullnodes=["a==1","b!=2"]'], is: { pullNodes: ["a==1", "b!=2"] } },
    { it: "follows images",                   options: ["swarm.followimage=always"],    is: { followImage: "always" } },
    { it: "builds on a node",                 options: ["swarm.buildernode=node-2"],    is: { builderNode: "node-2" } },
  ];
  for (const c of good) {
    it(c.it, () => {
      expect(parseClusterOptions(c.options)).to.deep.equal({ cluster: { ...unset, ...c.is }, warnings: [] });
    });
  }

  // prettier-ignore
  const bad = [
    { option: "swarm.overcommit=-2",        error: "swarm.overcommit should be larger than -1, -2.000000 is invalid" },
    { option: "swarm.overcommit=-1",        error: "swarm.overcommit should be larger than -1, -1.000000 is invalid" },
    { option: "swarm.overcommit=abc",       error: 'swarm.overcommit should be a number, "abc" is invalid' },
    { option: "swarm.createretry=-1",       error: "swarm.createretry can not be negative, -1 is invalid" },
    { option: "swarm.createretry=1.5",      error: 'swarm.createretry should be a whole number, "1.5" is invalid' },
    { option: "swarm.rules=new",            error: 'swarm.rules should be classic or modern, "new" is invalid' },
    { option: "swarm.memoryreservation=x",  error: 'swarm.memoryreservation should be true or false, "x" is invalid' },
    { option: "swarm.strictlabels=",        error: 'swarm.strictlabels should be true or false, "" is invalid' },
    { option: "swarm.pullnodes=[1]",        error: 'swarm.pullnodes should be all, or one constraint, or a JSON array of them, "[1]" is invalid' },
    { option: "swarm.pullnodes=[",          error: 'swarm.pullnodes should be all, or one constraint, or a JSON array of them, "[" is invalid' },
    { option: "swarm.followimage=yes",      error: 'swarm.followimage should be fallback, always or never, "yes" is invalid' },
    { option: "swarm.overcommit",           error: "--cluster-opt must contain key=value strings" },
  ];
  for (const c of bad) {
    it(`refuses ${c.option}`, () => {
      expect(() => parseClusterOptions([c.option]))
        .to.throw()
        .with.property("message", c.error);
    });
  }

  it("warns of less than nothing overcommitted", () => {
    expect(parseClusterOptions(["swarm.overcommit=-0.5"])).to.deep.include({
      warnings: ["-1 < swarm.overcommit < 0 will make swarm take less resource than docker engine offers"],
    });
  });

  it("ignores unknown keys, aloud", () => {
    const { cluster, warnings } = parseClusterOptions(["mesos.offers=3"]);
    expect(cluster).to.deep.equal(unset);
    expect(warnings).to.deep.equal(['unknown --cluster-opt "mesos.offers" is ignored']);
  });
});
