import type { Cluster } from "../cluster/cluster.ts";
import type { Engine } from "../cluster/engine.ts";
import { EngineResponseError, EngineUnreachableError } from "../docker/engine-client.ts";
import { ApiError, errorText } from "../errors.ts";
import { NoPrimaryError } from "../replication/manager-role.ts";
import { attended } from "./attended.ts";

export interface EngineAnswer<T> {
  readonly engine: Engine;
  readonly answer: T;
}

export interface EngineFailure {
  readonly engine: Engine;
  readonly error: unknown;
}

/** Both in the order the engines were given. */
export interface FanOut<T> {
  readonly answers: readonly EngineAnswer<T>[];
  readonly failed: readonly EngineFailure[];
  /** `node: text`, one for each engine that failed. */
  readonly failures: readonly string[];
}

/** Asks several engines the same thing at once, and waits for those that are {@link attended} to. Whatever goes wrong is in the result. */
export async function askEach<T>(
  engines: Iterable<Engine>,
  ask: (engine: Engine) => Promise<T>,
): Promise<FanOut<T>> {
  const outcomes = await Promise.all(
    [...engines].map(async (engine): Promise<Outcome<T>> => {
      try {
        const answer = await attended(engine, ask(engine));
        engine.noteSuccess();
        return { kind: "answered", engine, answer };
      } catch (error) {
        if (error instanceof EngineUnreachableError) engine.noteFailure(error);
        return { kind: "failed", engine, error };
      }
    }),
  );
  const answers = outcomes.filter((outcome) => outcome.kind === "answered");
  const failed = outcomes.filter((outcome) => outcome.kind === "failed");
  return { answers, failed, failures: failed.map(failureText) };
}

type Outcome<T> =
  ({ readonly kind: "answered" } & EngineAnswer<T>) | ({ readonly kind: "failed" } & EngineFailure);

/**
 * As {@link askEach}; an engine that fails does not keep the others from answering.
 * @throws ApiError as {@link jointError} when all failed; 500 when there is none to ask
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
  const result = await askEach(asked, ask);
  if (result.answers.length === 0) throw jointError(result.failed);
  return result;
}

/** `node-1: text` */
export const failureText = ({ engine, error }: EngineFailure): string =>
  `${engine.name}: ${errorText(error)}`;

/** The status an engine answered with, or undefined: it could not be asked. */
export const engineStatus = ({ error }: EngineFailure): number | undefined =>
  error instanceof EngineResponseError ? error.status : undefined;

/** One error for several engines'; that we do not lead any more is it for all of them. Else a line for each of the first, and the status they all agree on, else 500 (api.md A1). */
export function jointError(failed: readonly EngineFailure[]): ApiError {
  for (const { error } of failed) if (error instanceof NoPrimaryError) return error;
  const statuses = new Set(failed.map(engineStatus));
  const [status] = statuses;
  const agreed = statuses.size === 1 && status !== undefined && status >= 400 ? status : 500;
  return new ApiError(agreed, jointText(failed));
}

const MAX_LINES = 50;

/** A line for each engine that failed, but no more of them than anybody reads. */
export function jointText(failed: readonly EngineFailure[]): string {
  const lines = failed.slice(0, MAX_LINES).map(failureText);
  if (failed.length > MAX_LINES) lines.push(`and ${failed.length - MAX_LINES} more nodes`);
  return lines.join("\n");
}
