import { setTimeout as sleep } from "node:timers/promises";

/**
 * Asks again and again until the answer is neither `undefined` nor `false`. A question that throws ends the waiting.
 * @throws {Error} naming `what` when it has not come true after `timeoutMs`.
 */
export async function eventually<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 30_000,
  everyMs = 25,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`not after ${String(timeoutMs / 1000)} s: ${what}`);
    await sleep(everyMs);
  }
}
