import { expectThat, type Figure } from "../harness/figures.ts";
import { nodeStates } from "../harness/manager-process.ts";
import { allHealthy, withStand, type Stand } from "../harness/stand.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { runContainer } from "./bench-container.ts";
import { BENCH_LABEL } from "./rules.ts";
import type { Section } from "./types.ts";

/** Of each engine that is going to be killed. */
const MOVABLE_EACH = 30;
const MANY_ENGINES = 10;
/** Refreshes that find out within seconds; with the defaults it is a minute. */
const FLAGS = [
  ...["--engine-refresh-min-interval", "1s", "--engine-refresh-max-interval", "2s"],
  ...["--engine-failure-retry", "2"],
];
/** Two failed looks, the longest interval apart. */
const DETECTION_SECONDS = 4;
/** A look costs the fleet some milliseconds, which it must not need most of. */
const EVERY_MS = 25;

/** An engine dies, and what its containers wanted is done elsewhere. */
export const failoverSection: Section = {
  name: "failover",
  about: "an engine is killed: until /info shows it, until its containers run elsewhere; ten engines at once",
  run: (options, findings) =>
    withStand(options, { flags: FLAGS, early: true }, async (stand) => {
      // With these refreshes it is never quiet.
      await allHealthy(stand);
      const many = Math.min(MANY_ENGINES, Math.max(2, Math.floor(stand.fleet.engines.length / 20)));
      await findings.step("one engine", () => measure(stand, "one engine", [1]));
      const engines = Array.from({ length: many }, (_, index) => index + 2);
      await findings.step(`${many} engines`, () => measure(stand, `${many} engines`, engines));
    }),
};

async function measure(stand: Stand, what: string, engines: readonly number[]): Promise<readonly Figure[]> {
  const { manager, fleet } = stand;
  const names = await movable(stand, engines);
  await fleet.ask.kill(engines);
  const killedMs = performance.now();
  const shownMs = await waitUntil(
    "the dead engines unhealthy",
    async () =>
      nodeStates(await manager.info()).Unhealthy === engines.length ? performance.now() : undefined,
    { everyMs: EVERY_MS },
  );
  const dead = new Set(engines);
  const elsewhere = async (): Promise<number> =>
    (await fleet.ask.containers(BENCH_LABEL)).filter(
      ({ name, engine, running }) => names.has(name) && running && !dead.has(engine),
    ).length;
  const movedMs = await waitUntil(
    "all containers elsewhere",
    async () => ((await elsewhere()) >= names.size ? performance.now() : undefined),
    { timeoutMs: 120_000, everyMs: EVERY_MS },
  );
  const copies = await elsewhere();
  expectThat(copies === names.size, `${copies} containers run for ${names.size}`);
  await fleet.ask.revive(engines);
  await waitUntil(
    "all nodes healthy again",
    async () => (nodeStates(await manager.info()).Healthy === fleet.engines.length ? true : undefined),
    { everyMs: EVERY_MS },
  );
  await fleet.ask.removeLabelled(BENCH_LABEL);
  const movingSeconds = (movedMs - shownMs) / 1000;
  return [
    {
      ...{ what: `${what}: killed to shown`, value: (shownMs - killedMs) / 1000, unit: "s", better: "lower" },
      target: DETECTION_SECONDS + 1,
    },
    { what: `${what}: shown to all elsewhere`, value: movingSeconds, unit: "s", better: "lower" },
    {
      ...{ what: `${what}: containers moved`, value: names.size / Math.max(movingSeconds, 0.001) },
      ...{ unit: "/s", better: "higher", target: 100 },
    },
  ];
}

/** Puts containers that may be moved on each of the engines. @returns their names */
async function movable({ manager, fleet }: Stand, engines: readonly number[]): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const engine of engines) {
    for (let number = 0; number < MOVABLE_EACH; number++) {
      const name = `bench-move-${engine}-${number}`;
      // A hard constraint would keep it from going anywhere else.
      const here = `constraint:node==~${fleet.engines[engine]?.name ?? ""}`;
      await runContainer(manager.addr, { name, env: [here, "reschedule:on-node-failure"] });
      names.add(name);
    }
  }
  const placed = (await fleet.ask.containers(BENCH_LABEL)).filter(({ name }) => names.has(name));
  const wrong = placed.filter(({ engine }) => !engines.includes(engine)).length;
  expectThat(wrong === 0, `${wrong} containers are not on the engines to be killed`);
  return names;
}
