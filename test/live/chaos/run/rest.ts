import { invisibleCreates } from "../invariants/creates.ts";
import type { Listing } from "../invariants/creates.ts";
import { wrongCopies } from "../invariants/copies.ts";
import { sickManagers } from "../invariants/managers.ts";
import type { ManagerState } from "../invariants/managers.ts";
import { ambiguousNames, sharedNames } from "../invariants/names.ts";
import type { Resolution } from "../invariants/names.ts";
import type { Copy } from "../invariants/observations.ts";
import type { Violation } from "../invariants/violation.ts";
import { TOKEN_LABEL } from "../clients/history.ts";
import type { Intent } from "../clients/intent.ts";
import type { ChaosManager } from "../world/chaos-manager.ts";
import { copiesOf } from "../world/survey.ts";
import type { World } from "../world/world.ts";

/** What is there when all should be quiet, and what is wrong with it. */
export interface Rest {
  readonly copies: readonly Copy[];
  readonly violations: readonly Violation[];
}

/** Asks every engine and every manager. @param logs what each manager has logged in this phase, by name */
export async function lookAtRest(
  world: World,
  intents: ReadonlyMap<string, Intent>,
  logs: ReadonlyMap<string, readonly string[]>,
): Promise<Rest> {
  const copies = (await copiesOf(world)).filter(({ token }) => token !== undefined);
  const views = await Promise.all(world.managers.map((manager) => viewOf(manager, world, copies, logs)));
  return {
    copies,
    violations: [
      ...wrongCopies(intents.values(), copies),
      ...sharedNames(copies),
      ...invisibleCreates(
        intents.values(),
        views.map(({ listing }) => listing),
      ),
      ...ambiguousNames(
        views.flatMap(({ names }) => names),
        copies,
      ),
      ...sickManagers(views.map(({ state }) => state)),
      ...views.flatMap(({ partial }) => partial),
    ],
  };
}

interface View {
  readonly listing: Listing;
  readonly names: readonly Resolution[];
  readonly state: ManagerState;
  readonly partial: readonly Violation[];
}

async function viewOf(
  manager: ChaosManager,
  world: World,
  copies: readonly Copy[],
  logs: ReadonlyMap<string, readonly string[]>,
): Promise<View> {
  const { name } = manager;
  const list = (await manager.get("/containers/json?all=1")) as
    readonly { readonly Labels: Readonly<Record<string, string>> }[] | undefined;
  const tokens = new Set((list ?? []).flatMap(({ Labels }) => Labels[TOKEN_LABEL] ?? []));
  const names = await Promise.all(
    [...new Set(copies.map((copy) => copy.name))].map(async (wanted): Promise<Resolution> => {
      const found = (await manager.get(`/containers/${wanted}/json`)) as { readonly Id: string } | undefined;
      return { manager: name, name: wanted, id: found?.Id ?? "" };
    }),
  );
  const answers = list !== undefined && (await manager.answers("/_ping"));
  const state = { name, answers, ...manager.usage(), log: logs.get(name) ?? [] };
  const partial: readonly Violation[] = (await world.isWhole(manager))
    ? []
    : [{ invariant: "managers", what: `${name} does not show all engines as healthy`, evidence: [] }];
  return { listing: { manager: name, tokens }, names, state, partial };
}
