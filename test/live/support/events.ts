import { succeed } from "./docker-cli.ts";
import type { Docker } from "./docker-cli.ts";

/** The part of an event the tests look at; the client drops what it does not know. */
export interface Event {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

/** The events of the last minute, to this millisecond. `--until 0s` would cut them to the second. */
export async function eventsSoFar(docker: Docker, ...filters: readonly string[]): Promise<readonly Event[]> {
  const period = ["--since", "1m", "--until", (Date.now() / 1000).toFixed(3)];
  const options = filters.flatMap((filter) => ["--filter", filter]);
  return parseEvents<Event>(
    await succeed(docker, ["events", "--format", "{{json .}}", ...period, ...options]),
  );
}

/** Events as they come from the client or from the API, one a line. */
export function parseEvents<E extends Event>(lines: string): readonly E[] {
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as E);
}
