import type { Clock } from "./types.ts";

/** The real clock. Its timers do not keep the process alive: an idle stream must not stop a shutdown. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
