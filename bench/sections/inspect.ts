import { load } from "../client/load.ts";
import { requestText } from "../client/request-text.ts";
import type { FleetContainer } from "../fleet-process/protocol.ts";
import { expectThat, type Figure } from "../harness/figures.ts";
import { scaled } from "../harness/options.ts";
import { withStand } from "../harness/stand.ts";
import { seededPicks } from "./picks.ts";
import type { Section } from "./types.ts";

const REFERENCES = {
  id: ({ id }: FleetContainer) => id,
  name: ({ name }: FleetContainer) => name,
  prefix: ({ id }: FleetContainer) => id.slice(0, 12),
} as const;

/** `docker inspect` by whatever a user may type. */
export const inspectSection: Section = {
  name: "inspect",
  about: "inspect by ID, name and prefix, one and eight clients",
  run: (options, findings) =>
    withStand(options, {}, async (stand) => {
      const picks = seededPicks(await stand.fleet.ask.containers(), scaled(2_000, options, 50));
      let direct = NaN;
      await findings.step("direct", async () => {
        const [first] = picks;
        const addr = stand.fleet.engines[first?.engine ?? 0]?.addr ?? "";
        const own = picks.filter(({ engine }) => engine === first?.engine);
        direct = (await measure(addr, 1, own, REFERENCES.id, picks.length)).p50;
        return [];
      });
      for (const [what, reference] of Object.entries(REFERENCES)) {
        await findings.step(`by ${what}`, async () => {
          const one = await measure(stand.manager.addr, 1, picks, reference, picks.length);
          const many = await measure(stand.manager.addr, 8, picks, reference, picks.length * 2);
          return [
            {
              ...{ what: `by ${what}, p50`, value: one.p50, unit: "ms", better: "lower" as const },
              ...{ target: direct + 1, direct },
            },
            { what: `by ${what}, p99`, value: one.p99, unit: "ms", better: "lower" },
            { what: `by ${what}, 8 clients`, value: many.perSecond, unit: "/s", better: "higher" },
          ] satisfies Figure[];
        });
      }
    }),
};

async function measure(
  addr: string,
  clients: number,
  picks: readonly FleetContainer[],
  reference: (container: FleetContainer) => string,
  operations: number,
): Promise<{ p50: number; p99: number; perSecond: number }> {
  const { latencies, perSecond } = await load({ addr, clients, operations }, async (connection, number) => {
    const container = picks[number % picks.length];
    if (container === undefined) throw new Error("there are no containers");
    const request = requestText("GET", `/containers/${reference(container)}/json`);
    const { status, body } = await connection.send(request, true);
    const begin = `{"Id":"${container.id}"`;
    expectThat(
      status === 200 && body.includes(begin) && body.includes(`/${container.name}"`),
      `${container.name}: status ${status}, ${body.toString("utf8", 0, 200)}`,
    );
  });
  return { p50: latencies.p50, p99: latencies.p99, perSecond };
}
