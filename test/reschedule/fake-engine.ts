import type { ContainerIndex } from "../../src/cluster/container-index.ts";
import type { ContainerRecord } from "../../src/cluster/container-record.ts";
import type { Engine } from "../../src/cluster/engine.ts";
import { candidate } from "../scheduler/builders.ts";

/** An engine with so many containers, as far as a rebalance looks at it. */
export function fakeEngine(name: string, count: number, index: ContainerIndex): Engine {
  const containers = new Map<string, ContainerRecord>();
  const records: ContainerRecord[] = [];
  const shape = candidate({ name });
  const fake = { ...shape, isHealthy: true, cache: { inventory: { containers } } };
  const made = fake as unknown as Engine;
  Object.assign(fake, {
    candidate: {
      ...shape,
      get containerCount() {
        return containers.size;
      },
      containers: records,
    },
  });
  for (let at = 1; at <= count; at++) {
    const id = `${name}-${at}`.padEnd(64, "0");
    const record = {
      id,
      swarmId: `s${id}`,
      names: [`${name}-c${at}`],
      labels: {},
      engine: made,
      pending: false,
      formerIds: [],
      memoryBytes: 0,
      cpus: 0,
      usedPorts: [],
      hostModePorts: [],
      inspect: { HostConfig: {}, Config: {}, State: { Running: true } },
    } as unknown as ContainerRecord;
    containers.set(id, record);
    records.push(record);
    index.add(record);
  }
  return made;
}
