/**
 * Wraps work that brings a cache up to date: however often it is asked for, at most one run is under way and one waits. The promise
 * settles with the first run that *started* after the call, so what it saw is at least as new as the call.
 */
export function coalesced(work: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => {
    const run = work().finally(() => {
      if (current === run) current = undefined;
    });
    current = run;
    return run;
  };
  return () => {
    if (current === undefined) return start();
    next ??= current
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };
}

/** {@link coalesced} by key, keeping nothing for keys that are at rest. */
export function coalescedByKey<K>(work: (key: K) => Promise<void>): (key: K) => Promise<void> {
  const entries = new Map<K, { run: () => Promise<void>; users: number }>();
  return async (key) => {
    let entry = entries.get(key);
    if (entry === undefined) entries.set(key, (entry = { run: coalesced(() => work(key)), users: 0 }));
    entry.users++;
    try {
      await entry.run();
    } finally {
      if (--entry.users === 0) entries.delete(key);
    }
  };
}
