/** How the fleet of a benchmark is made. */
export interface FleetPlan {
  readonly engines: number;
  /** Of each engine, running from the start. */
  readonly containersEach: number;
  /** Every engine listens there, on a loopback address of its own. */
  readonly port: number;
}

/** One engine of the fleet, as its parent knows it. */
export interface FleetEngine {
  readonly name: string;
  /** `127.1.0.4:2375` */
  readonly addr: string;
  readonly id: string;
}

/** A container as the engine that has it sees it. */
export interface FleetContainer {
  readonly id: string;
  readonly name: string;
  /** Index of its engine. */
  readonly engine: number;
  readonly running: boolean;
}

/** A train of events that engines send in turn, as fast as asked. */
export interface EventTrain {
  /** The senders, by index; none means all. */
  readonly engines: readonly number[];
  /** The `Action` of each; the actor is the engine's first container. */
  readonly action: string;
  readonly count: number;
  readonly perSecond: number;
}

/** What a parent can have its fleet do; the answers come by the same names. Engines are given by index; none means all. */
export interface FleetCalls {
  /** Cuts the connections of engines and refuses new ones; their containers run on. */
  kill(engines: readonly number[]): void;
  revive(engines: readonly number[]): void;
  /** As SIGSTOP does: connects, then silence. */
  freeze(engines: readonly number[]): void;
  thaw(engines: readonly number[]): void;
  /** Every answer of the engines comes so much later; 0: at once. */
  delay(engines: readonly number[], ms: number): void;
  /** Requests since the start or the last {@link FleetCalls.resetCounts} by route, all engines together. */
  requestCounts(): Readonly<Record<string, number>>;
  resetCounts(): void;
  /** @param label only those that have a label of this name: thousands need not be told to look for a few */
  containers(label?: string): readonly FleetContainer[];
  /** Removes containers that have a label of this name, without a request; the engines tell their events. @returns how many */
  removeLabelled(label: string): number;
  /** Settles when the last event is sent. @returns how long it took, milliseconds */
  sendEvents(train: EventTrain): number;
  connections(): number;
}

/** A call on its way to the fleet. */
export interface FleetRequest {
  readonly number: number;
  readonly call: keyof FleetCalls;
  readonly args: readonly unknown[];
}

/** From the fleet: that it stands (once), or the answer to a call. */
export type FleetMessage =
  | { readonly engines: readonly FleetEngine[] }
  | { readonly failed: string }
  | { readonly number: number; readonly result: unknown }
  | { readonly number: number; readonly error: string };
