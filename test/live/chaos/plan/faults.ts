/** Whom a fault hits; decides in which worlds it can happen. */
export type FaultFamily = "engine" | "link" | "manager" | "clock" | "store" | "state";

/** Everything that can be done to a cluster here, with what it is in the words of a report. */
export const faultKinds = {
  "engine-kill": {
    family: "engine",
    about: "SIGKILL to dockerd; its containers live on until it starts again",
  },
  "engine-stop": {
    family: "engine",
    about: "SIGTERM to dockerd, which stops its containers; started again later",
  },
  "engine-restart": { family: "engine", about: "SIGTERM to dockerd and started again at once" },
  "engine-pause": { family: "engine", about: "SIGSTOP to dockerd: connections are taken and never answered" },
  "engine-freeze": { family: "engine", about: "the whole host with its containers stands still" },
  "engine-power": { family: "engine", about: "the host loses its power with everything in it" },
  "engine-partition": { family: "engine", about: "nothing gets to or from the host" },
  "engine-deaf": { family: "engine", about: "nothing gets to the engine, what it says gets out" },
  "engine-mute": { family: "engine", about: "nothing the engine says gets out, what is said to it gets in" },
  "engine-refuse": { family: "engine", about: "connection refused" },
  "link-cut": { family: "link", about: "one manager and one engine do not hear each other, all others do" },
  "link-one-way": { family: "link", about: "one manager does not hear one engine, which does hear it" },
  "manager-kill": {
    family: "manager",
    about: "SIGKILL to a manager, started again later with what it had kept",
  },
  "manager-restart": { family: "manager", about: "SIGTERM to a manager, started again later" },
  "manager-stall": { family: "manager", about: "SIGSTOP to a manager for longer than its lease" },
  "manager-partition": { family: "manager", about: "nothing gets to or from a manager's host" },
  "manager-clock": { family: "clock", about: "a manager's wall clock jumps" },
  "store-kill": { family: "store", about: "SIGKILL to one server of the store" },
  "store-restart": { family: "store", about: "SIGKILL to one server of the store, started again at once" },
  "store-freeze": { family: "store", about: "SIGSTOP to one server of the store" },
  "store-down": { family: "store", about: "SIGKILL to all servers of the store" },
  "store-slow": { family: "store", about: "every word between a manager and the store takes long" },
  "store-cut": { family: "store", about: "one manager and the store do not hear each other" },
  "store-deaf": { family: "store", about: "the store does not hear one manager, which does hear it" },
  "store-mute": { family: "store", about: "one manager does not hear the store, which does hear it" },
  "state-full": { family: "state", about: "no space left where the state directory is" },
} as const satisfies Record<string, { readonly family: FaultFamily; readonly about: string }>;

export type FaultKind = keyof typeof faultKinds;

/** One fault of a phase. */
export interface Fault {
  readonly kind: FaultKind;
  /** The name of an engine, a manager or a server of the store. */
  readonly target: string;
  /** The engine at the other end of a link. */
  readonly peer?: string;
  /** From the beginning of the phase, milliseconds. */
  readonly atMs: number;
  readonly lastsMs: number;
  /** Milliseconds of delay, or seconds the clock jumps. */
  readonly amount?: number;
}

/** One line of a report. */
export function describeFault({ kind, target, peer, atMs, lastsMs, amount }: Fault): string {
  const where = peer === undefined ? target : `${target}–${peer}`;
  const how = amount === undefined ? "" : ` (${String(amount)}${kind === "manager-clock" ? " s" : " ms"})`;
  return `${seconds(atMs)}+${seconds(lastsMs)} ${kind} ${where}${how}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}
