import type { Violation } from "./violation.ts";

/** A manager when all is quiet. */
export interface ManagerState {
  readonly name: string;
  /** Whether it answers `/_ping` and `/containers/json`. */
  readonly answers: boolean;
  readonly memoryBytes: number;
  readonly openFiles: number;
  /** Lines its log got in this phase. */
  readonly log: readonly string[];
}

/** A manager over a handful of engines needs far less; more is a leak. */
export const managerLimits = { memoryBytes: 400e6, openFiles: 400 } as const;

/** What only a fault of the program itself writes. */
const bugs =
  /unhandled|uncaught|internal error|\b(TypeError|ReferenceError|RangeError|SyntaxError|AssertionError)\b|out of memory/i;

/** Managers that do not answer, use too much, or logged what only a bug logs. */
export function sickManagers(managers: readonly ManagerState[]): readonly Violation[] {
  return managers.flatMap(({ name, answers, memoryBytes, openFiles, log }) => {
    const suspicious = log.filter((line) => bugs.test(line));
    const problems = [
      ...(answers ? [] : ["does not answer"]),
      ...(memoryBytes > managerLimits.memoryBytes
        ? [`uses ${String(Math.round(memoryBytes / 1e6))} MB`]
        : []),
      ...(openFiles > managerLimits.openFiles ? [`has ${String(openFiles)} files open`] : []),
      ...(suspicious.length > 0 ? ["logged an error of the program"] : []),
    ];
    return problems.map((what) => ({
      invariant: "managers" as const,
      what: `${name} ${what}`,
      evidence: suspicious.slice(0, 5),
    }));
  });
}
