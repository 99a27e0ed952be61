import type { WantedRun } from "./wanted.ts";

/** How long after a container's end its engine must still be there before that end counts as its user's doing, milliseconds. */
export const SETTLE_MS = 15_000;
/** How long after the engine's answer an end still belongs to a stop or a kill that a user asked for, milliseconds. */
const WISH_MS = 15_000;

/** What happens to one container, one after another. */
export type RunFact =
  | { readonly kind: "started" }
  /** A user asks us to stop or kill it. */
  | { readonly kind: "wish" }
  /** The engine has answered that. `running`: it runs all the same, as after `kill --signal HUP`. */
  | { readonly kind: "wish-settled"; readonly succeeded: boolean; readonly running: boolean }
  /** Somebody, who may be its engine, sent it a signal. */
  | { readonly kind: "killed" }
  | {
      readonly kind: "died";
      readonly exitCode: number;
      /** Its engine brings it back, or may (restart policy `always`, `unless-stopped`, `on-failure`). */
      readonly restarts: boolean;
      /** Its engine is another process than the one it ran under. */
      readonly engineRestarted: boolean;
    }
  /** Its engine cannot be reached any more. */
  | { readonly kind: "engine-lost" }
  /** Its engine was asked, {@link SETTLE_MS} or more after the end: it is the same process, and this is how the container is. */
  | { readonly kind: "settled"; readonly running: boolean };

/** What is known of one container's run. Times are Unix milliseconds. */
export interface RunState {
  readonly run: WantedRun;
  /** Stops and kills that users wait for. */
  readonly wishes: number;
  /** Until when an end belongs to the last of them; 0: there was none. */
  readonly wishedUntilMs: number;
  /** A signal was sent to it since it started. */
  readonly killed: boolean;
  /** It has ended, and why is not clear yet; undefined: it is. */
  readonly doubtSinceMs: number | undefined;
}

export const runState = (run: WantedRun): RunState => ({
  run,
  wishes: 0,
  wishedUntilMs: 0,
  killed: false,
  doubtSinceMs: undefined,
});

/**
 * What a container's user wants it to do, from what happens to it (spec: node-lifecycle.md §7.4 weakness 2, §8 «Intent»). An engine that is shut down
 * ends its containers one by one exactly as a user would: a signal, then the end. What tells the two apart is what follows: a user's engine lives on.
 *
 * | end                                                       | wanted                                             |
 * | --------------------------------------------------------- | -------------------------------------------------- |
 * | while or shortly after a user asks us to stop or kill it  | stopped                                            |
 * | its engine has been started anew since                    | as before: it ended with its engine                |
 * | nobody sent a signal, exit code below 128, never restarts | stopped: it ended by itself                        |
 * | anything else                                             | in doubt: stopped if its engine is there 15 s later |
 *
 * While in doubt, and when the engine is lost then, it is wanted as before.
 */
export function nextRun(state: RunState, fact: RunFact, nowMs: number): RunState {
  switch (fact.kind) {
    case "started":
      return { ...runState("running"), wishes: state.wishes };
    case "wish":
      return { ...state, wishes: state.wishes + 1 };
    case "wish-settled": {
      const wishes = Math.max(0, state.wishes - 1);
      if (!fact.succeeded) return { ...state, wishes };
      if (!fact.running) return { ...stopped(state), wishes };
      return { ...state, wishes, wishedUntilMs: nowMs + WISH_MS };
    }
    case "killed":
      return { ...state, killed: true };
    case "died":
      if (state.wishes > 0 || nowMs < state.wishedUntilMs) return stopped(state);
      if (fact.engineRestarted || state.run === "stopped") return { ...state, doubtSinceMs: undefined };
      // 128 + signal: some system ends containers itself when the machine goes down, before their engine does.
      if (state.killed || fact.exitCode >= 128 || fact.restarts) return { ...state, doubtSinceMs: nowMs };
      return stopped(state);
    case "engine-lost":
      return { ...state, doubtSinceMs: undefined };
    case "settled":
      if (state.doubtSinceMs === undefined) return state;
      return fact.running ? { ...state, doubtSinceMs: undefined } : stopped(state);
  }
}

const stopped = (state: RunState): RunState => ({
  ...state,
  run: "stopped",
  wishedUntilMs: 0,
  doubtSinceMs: undefined,
});
