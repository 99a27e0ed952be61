import { setTimeout as sleep } from "node:timers/promises";

/** Asks again and again until the answer is not undefined. @throws {Error} naming `what` after `timeoutMs` */
export async function waitUntil<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  { timeoutMs = 60_000, everyMs = 50 } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`not after ${timeoutMs / 1000} s: ${what}`);
    await sleep(everyMs);
  }
}
