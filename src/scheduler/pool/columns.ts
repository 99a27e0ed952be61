import type { Candidate, Loads } from "../types.ts";

type Columns = Omit<Loads, "among" | "nameOrder">;

/** What strategies weigh, copied out of the candidates when they change. */
export class LoadColumns implements Columns {
  readonly healthIndicator: Uint8Array;
  readonly containerCount: Float64Array;
  readonly totalMemoryBytes: Float64Array;
  readonly usedMemoryBytes: Float64Array;
  readonly totalCpus: Float64Array;
  readonly usedCpus: Float64Array;

  constructor(capacity: number) {
    this.healthIndicator = new Uint8Array(capacity);
    this.containerCount = new Float64Array(capacity);
    this.totalMemoryBytes = new Float64Array(capacity);
    this.usedMemoryBytes = new Float64Array(capacity);
    this.totalCpus = new Float64Array(capacity);
    this.usedCpus = new Float64Array(capacity);
  }

  readNode(slot: number, { healthIndicator, totalMemoryBytes, totalCpus }: Candidate): void {
    this.healthIndicator[slot] = healthIndicator;
    this.totalMemoryBytes[slot] = totalMemoryBytes;
    this.totalCpus[slot] = totalCpus;
  }

  readContainers(slot: number, { containerCount, usedMemoryBytes, usedCpus }: Candidate): void {
    this.containerCount[slot] = containerCount;
    this.usedMemoryBytes[slot] = usedMemoryBytes;
    this.usedCpus[slot] = usedCpus;
  }
}
