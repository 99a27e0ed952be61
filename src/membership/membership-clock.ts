/** The time as membership needs it; tests bring their own. */
export interface MembershipClock {
  /** Milliseconds of a clock that never jumps. */
  nowMs(): number;
  /** The time of day. */
  date(): Date;
  /** Calls again and again until the answer is called. */
  every(ms: number, task: () => void): () => void;
}

/** The real one. Its timer does not keep the process alive. */
export const systemMembershipClock: MembershipClock = {
  nowMs: () => performance.now(),
  date: () => new Date(),
  every(ms, task) {
    const timer = setInterval(task, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};
