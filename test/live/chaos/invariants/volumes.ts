import type { VolumeEvent } from "./observations.ts";
import { clock } from "./violation.ts";
import type { Violation } from "./violation.ts";

/** Volumes that are gone: no client of the suite ever asks for that. `events`: of the whole run; `present`: now, by engine. */
export function lostVolumes(
  events: readonly VolumeEvent[],
  present: ReadonlyMap<string, ReadonlySet<string>>,
): readonly Violation[] {
  const seen = new Map<string, VolumeEvent>();
  for (const event of events) {
    const key = `${event.engine} ${event.name}`;
    if (event.action === "destroy" || !seen.has(key)) seen.set(key, event);
  }
  return [...seen.values()].flatMap(({ atMs, engine, name, action }) => {
    const there = present.get(engine);
    if (action === "create" && (there === undefined || there.has(name))) return [];
    return [
      {
        invariant: "volumes" as const,
        what: `volume ${name} of ${engine} is gone`,
        evidence: [`${clock(atMs)} ${engine} ${action} ${name}`],
      },
    ];
  });
}
