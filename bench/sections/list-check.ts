import type { FleetContainer } from "../fleet-process/protocol.ts";
import { expectThat } from "../harness/figures.ts";
import type { Stand } from "../harness/stand.ts";

/** What a check looks at in an entry of `GET /containers/json`. */
interface Entry {
  readonly Id: string;
  readonly Names: readonly string[];
}

/** Reads a list answer and compares its entries with what the engines have. @throws WrongAnswerError */
export function expectEntries(body: Buffer, truth: readonly FleetContainer[], stand: Stand): void {
  const entries = JSON.parse(body.toString()) as readonly Entry[];
  expectThat(entries.length === truth.length, `${entries.length} entries, there are ${truth.length}`);
  const shown = new Map(entries.map(({ Id, Names }) => [Id, Names[0]]));
  for (const { id, name, engine } of truth) {
    const wanted = `/${stand.fleet.engines[engine]?.name ?? ""}/${name}`;
    expectThat(
      shown.get(id) === wanted,
      `container ${id} is shown as ${shown.get(id) ?? "-"}, it is ${wanted}`,
    );
  }
}

/** Compares the manager's whole list with the engines' containers. @throws WrongAnswerError */
export async function expectAllListed(stand: Stand): Promise<void> {
  const body = await stand.manager.get("/containers/json?all=1");
  expectEntries(body, await stand.fleet.ask.containers(), stand);
}
