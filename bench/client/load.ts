import { Connection } from "./connection.ts";
import { Latencies } from "./latencies.ts";

/** How much load for how long: the first limit that is reached ends it. */
export interface LoadPlan {
  /** `host:port` */
  readonly addr: string;
  readonly clients: number;
  readonly operations?: number;
  readonly seconds?: number;
}

/** What a load measured. */
export interface LoadFigure {
  /** Of each operation. */
  readonly latencies: Latencies;
  readonly seconds: number;
  readonly perSecond: number;
}

/**
 * Keeps so many clients busy, each with a connection of its own and one operation at a time. The first operation that throws ends the
 * load and is its outcome.
 * @param operation is given a number that no other operation of this load has, from 0
 */
export async function load(
  plan: LoadPlan,
  operation: (connection: Connection, number: number) => Promise<void>,
): Promise<LoadFigure> {
  const connections = await Connection.openMany(plan.addr, plan.clients);
  const latencies = new Latencies();
  const begin = performance.now();
  const deadline = begin + (plan.seconds ?? Infinity) * 1000;
  const most = plan.operations ?? Infinity;
  let next = 0;
  const client = async (connection: Connection): Promise<void> => {
    while (next < most) {
      const started = performance.now();
      if (started >= deadline) return;
      await operation(connection, next++);
      latencies.add(performance.now() - started);
    }
  };
  try {
    await Promise.all(connections.map(client));
  } finally {
    for (const connection of connections) connection.close();
  }
  const seconds = (performance.now() - begin) / 1000;
  return { latencies, seconds, perSecond: latencies.count / seconds };
}
