import { succeed } from "./docker-cli.ts";
import type { Docker } from "./docker-cli.ts";

/** The part of an event the tests look at. */
export interface Event {
  readonly Type: string;
  readonly Action: string;
  readonly timeNano: number;
  /** Only the API gives it. */
  readonly node?: { readonly Name: string; readonly Addr: string; readonly Ip: string };
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

/** The events of the last minute, to this millisecond. `--until 0s` would cut them to the second. */
export async function eventsSoFar(docker: Docker, ...filters: readonly string[]): Promise<readonly Event[]> {
  const period = ["--since", "1m", "--until", (Date.now() / 1000).toFixed(3)];
  const options = filters.flatMap((filter) => ["--filter", filter]);
  return parseEvents(await succeed(docker, ["events", "--format", "{{json .}}", ...period, ...options]));
}

/** Events as they come from the client or from the API, one a line. */
export function parseEvents(lines: string): readonly Event[] {
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Event);
}
