/** What the suite's clients use over and over: a name with what its container is like. One client at a time works on a slot. */
export interface Slot {
  readonly name: string;
  readonly policy: boolean;
  /** Its container is left alone while it runs, so that there is always something to lose. */
  readonly steady: boolean;
  /** A host port it publishes. Two slots share one, so they cannot be on one engine. */
  readonly port?: number;
  /** A named volume, or one without a name. */
  readonly volume?: string;
  /** Several clients want this name at once. */
  readonly contested?: boolean;
}

/** The same in every run. */
export const slots: readonly Slot[] = [
  { name: "steady-1", policy: true, steady: true },
  { name: "steady-2", policy: true, steady: true, port: 18001 },
  { name: "steady-3", policy: true, steady: true, volume: "steady-data" },
  { name: "steady-4", policy: true, steady: true, volume: "" },
  { name: "port-1", policy: true, steady: true, port: 18100 },
  { name: "port-2", policy: true, steady: false, port: 18100 },
  { name: "busy-1", policy: true, steady: false },
  { name: "busy-2", policy: true, steady: false, port: 18002 },
  { name: "busy-3", policy: true, steady: false, volume: "" },
  { name: "busy-4", policy: true, steady: false },
  { name: "plain-1", policy: false, steady: false },
  { name: "plain-2", policy: false, steady: false, port: 18003 },
  { name: "plain-3", policy: false, steady: true, volume: "plain-data" },
  { name: "wanted-1", policy: true, steady: false, contested: true },
  { name: "wanted-2", policy: true, steady: false, contested: true },
];
