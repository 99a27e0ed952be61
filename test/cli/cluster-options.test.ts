import { expect } from "chai";
import { parseClusterOptions } from "../../src/cli/cluster-options.ts";
import type { RescheduleOptions } from "../../src/reschedule/ports.ts";

/** What `swarm.reschedule-…` options make of the defaults. */
function rescheduling(change: Partial<RescheduleOptions>): RescheduleOptions {
  const unset = { delayMs: 0, parallel: 16, timeoutMs: 300_000, retryMaxMs: 60_000, removeVolumes: false };
  return { ...unset, removedMs: undefined, ...change };
}

const unset = {
  overcommit: 0.05,
  createRetry: 0,
  rules: { modern: false },
  countMemoryReservation: false,
  strictLabels: false,
  pullNodes: [] as string[],
  followImage: "fallback",
  builderNode: "",
  reschedule: rescheduling({}),
  leaderWaitMs: 10_000,
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
    { it: "delays rescheduling",              options: ["swarm.reschedule-delay=1m30s"], is: { reschedule: rescheduling({ delayMs: 90_000 }) } },
    { it: "delays it by nothing",             options: ["swarm.reschedule-delay=0"],    is: {} },
    { it: "moves few at once",                options: ["swarm.reschedule-parallel=2"], is: { reschedule: rescheduling({ parallel: 2 }) } },
    { it: "gives a move its time",            options: ["swarm.reschedule-timeout=10m"], is: { reschedule: rescheduling({ timeoutMs: 600_000 }) } },
    { it: "tries again at least so often",    options: ["swarm.reschedule-retry-max=1s"], is: { reschedule: rescheduling({ retryMaxMs: 1_000 }) } },
    { it: "removes volumes with containers",  options: ["swarm.reschedule-volumes=remove"], is: { reschedule: rescheduling({ removeVolumes: true }) } },
    { it: "keeps volumes",                    options: ["swarm.reschedule-volumes=remove", "swarm.reschedule-volumes=keep"], is: {} },
    { it: "reschedules from removed nodes",   options: ["swarm.reschedule-removed=2m"], is: { reschedule: rescheduling({ removedMs: 120_000 }) } },
    { it: "leaves removed nodes alone",       options: ["swarm.reschedule-removed=never"], is: {} },
    { it: "joins options about rescheduling", options: ["swarm.reschedule-delay=1s", "swarm.reschedule-parallel=3"], is: { reschedule: rescheduling({ delayMs: 1_000, parallel: 3 }) } },
    { it: "waits for a primary",              options: ["swarm.leader-wait=500ms"],     is: { leaderWaitMs: 500 } },
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
    { option: "swarm.reschedule-delay=x",   error: 'swarm.reschedule-delay should be a duration such as 30s, "x" is invalid' },
    { option: "swarm.reschedule-delay=-1s", error: 'swarm.reschedule-delay should be a duration such as 30s, "-1s" is invalid' },
    { option: "swarm.reschedule-delay=1000h", error: 'swarm.reschedule-delay should be a duration such as 30s, "1000h" is invalid' },
    { option: "swarm.reschedule-parallel=0", error: "swarm.reschedule-parallel should be at least 1, 0 is invalid" },
    { option: "swarm.reschedule-parallel=x", error: 'swarm.reschedule-parallel should be a whole number, "x" is invalid' },
    { option: "swarm.reschedule-timeout=999ms", error: 'swarm.reschedule-timeout should be a duration of at least 1s such as 30s, "999ms" is invalid' },
    { option: "swarm.reschedule-retry-max=0", error: 'swarm.reschedule-retry-max should be a duration of at least 1s such as 30s, "0" is invalid' },
    { option: "swarm.reschedule-volumes=yes", error: 'swarm.reschedule-volumes should be keep or remove, "yes" is invalid' },
    { option: "swarm.reschedule-removed=soon", error: 'swarm.reschedule-removed should be a duration such as 30s, "soon" is invalid' },
    { option: "swarm.leader-wait=10",       error: 'swarm.leader-wait should be a duration such as 30s, "10" is invalid' },
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
