import type { Cluster } from "../cluster/cluster.ts";
import type { Engine } from "../cluster/engine.ts";
import { EngineUnreachableError } from "../docker/engine-client.ts";
import { ApiError, errorText } from "../errors.ts";

export interface EngineAnswer<T> {
  readonly engine: Engine;
  readonly answer: T;
}

export interface FanOut<T> {
  readonly answers: readonly EngineAnswer<T>[];
  /** `node: text`, one for each engine that failed. */
  readonly failures: readonly string[];
}

/**
 * Asks several engines the same thing at once. An engine that fails does not keep the others from answering.
 * @throws ApiError 500 with a line per engine when all failed, or when there is none to ask
 */
export async function fanOut<T>(
  cluster: Cluster,
  engines: Iterable<Engine>,
  ask: (engine: Engine) => Promise<T>,
): Promise<FanOut<T>> {
  const asked = [...engines];
  if (asked.length === 0) {
    throw new ApiError(
      500,
      cluster.engineCount === 0
        ? "no node available in the cluster"
        : "No healthy node available in the cluster",
    );
  }
  const answers: EngineAnswer<T>[] = [];
  const failures: string[] = [];
  await Promise.all(
    asked.map(async (engine) => {
      try {
        answers.push({ engine, answer: await ask(engine) });
        engine.noteSuccess();
      } catch (error) {
        if (error instanceof EngineUnreachableError) engine.noteFailure(error);
        failures.push(`${engine.name}: ${errorText(error)}`);
      }
    }),
  );
  if (answers.length === 0) throw new ApiError(500, failures.join("\n"));
  return { answers, failures };
}
