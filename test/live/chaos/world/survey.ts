import type { LabEngine } from "../../../lab/engine.ts";
import type { Copy } from "../invariants/observations.ts";
import { TOKEN_LABEL } from "../clients/history.ts";
import type { World } from "./world.ts";

interface ListedContainer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly State: string;
  readonly Status: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/** All containers of all engines, asked from the engines themselves. @throws when one does not answer */
export async function copiesOf({ lab }: World): Promise<readonly Copy[]> {
  return (await Promise.all(lab.engines.map(copiesOn))).flat();
}

async function copiesOn(engine: LabEngine): Promise<readonly Copy[]> {
  const list = JSON.parse((await engine.api("GET", "/containers/json?all=1")).body) as ListedContainer[];
  return list.map(({ Id, Names, State, Status, Labels }) => ({
    engine: engine.name,
    id: Id,
    name: (Names[0] ?? "").replace(/^\//, ""),
    running: State === "running" || State === "restarting",
    status: Status,
    token: Labels[TOKEN_LABEL],
  }));
}

/** The volumes of each engine, asked from the engines themselves. */
export async function volumesOf({
  lab: { engines },
}: World): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  return await volumesOn(engines);
}

/** Likewise of some engines. */
export async function volumesOn(
  engines: readonly LabEngine[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const each = engines.map(async (engine) => {
    const { Volumes } = JSON.parse((await engine.api("GET", "/volumes")).body) as {
      readonly Volumes: readonly { readonly Name: string }[] | null;
    };
    return [engine.name, new Set((Volumes ?? []).map(({ Name }) => Name))] as const;
  });
  return new Map(await Promise.all(each));
}
