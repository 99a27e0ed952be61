import { expect } from "chai";
import {
  announcement,
  initialState,
  nextState,
  statusText,
  sweepDelayMs,
  validationDelayMs,
  type EngineLifeEvent,
  type EngineState,
} from "../../src/cluster/engine-state.ts";

const EVENTS: Readonly<Record<string, EngineLifeEvent>> = {
  validated: { kind: "validated" },
  refused: { kind: "refused", error: "no" },
  contact: { kind: "contact" },
  failed: { kind: "contact-failed", error: "refused" },
  lost: { kind: "identity-lost", error: "another ID" },
  removed: { kind: "removed" },
};

/** Feeds events and tells the last state and everything announced: `healthy 1 refused: connect`. */
function live(events: string, retries = 3): string {
  let state: EngineState = initialState;
  const said: string[] = [];
  for (const name of events.split(" ").filter((word) => word !== "")) {
    const next = nextState(state, EVENTS[name]!, retries);
    const action = announcement(state, next);
    if (action !== undefined) said.push(action.replace("engine_", ""));
    state = next;
  }
  const about = state.kind === "disconnected" ? "" : ` ${state.failures} ${state.lastError}`;
  return `${state.kind}${about}`.trimEnd() + `: ${said.join(" ")}`.trimEnd();
}

describe("cluster/engine-state", () => {
  // prettier-ignore
  const lives = [
    { it: "begins pending",                                 events: "",                                           end: "pending 0:" },
    { it: "counts refused validations",                     events: "refused refused",                            end: "pending 2 no:" },
    { it: "becomes healthy only by validation",             events: "contact refused contact",                    end: "pending 1 no:" },
    { it: "ignores failures of contact while pending",      events: "failed failed failed",                       end: "pending 0:" },
    { it: "announces its connection",                       events: "refused validated",                          end: "healthy 0: connect" },
    { it: "stays healthy below the threshold",              events: "validated failed failed",                    end: "healthy 2 refused: connect" },
    { it: "starts to count again after a contact",          events: "validated failed failed contact failed",     end: "healthy 1 refused: connect" },
    { it: "is flagged at the threshold",                    events: "validated failed failed failed",             end: "unhealthy 3 refused: connect disconnect" },
    { it: "is announced as gone once",                      events: "validated failed failed failed failed",      end: "unhealthy 4 refused: connect disconnect" },
    { it: "comes back with a contact",                      events: "validated failed failed failed contact",     end: "healthy 0: connect disconnect reconnect" },
    { it: "is refused nothing once validated",              events: "validated refused",                          end: "healthy 0: connect" },
    { it: "starts again as another engine",                 events: "validated lost",                             end: "pending 0 another ID: connect disconnect" },
    { it: "is gone already when it loses its identity",     events: "validated failed failed failed lost",        end: "pending 0 another ID: connect disconnect" },
    { it: "connects anew after that",                       events: "validated lost validated",                   end: "healthy 0: connect disconnect connect" },
    { it: "is announced when removed while pending",        events: "removed",                                    end: "disconnected: disconnect" },
    { it: "is announced when removed while healthy",        events: "validated removed",                          end: "disconnected: connect disconnect" },
    { it: "is announced again when removed unhealthy",      events: "validated failed failed failed removed",     end: "disconnected: connect disconnect disconnect" },
    { it: "never leaves the end",                           events: "removed validated contact failed lost removed", end: "disconnected: disconnect" },
  ];
  for (const { it: title, events, end } of lives) it(title, () => expect(live(events)).to.equal(end));

  it("is flagged by the first failure when told to", () =>
    expect(live("validated failed", 1)).to.match(/^unhealthy/));

  // prettier-ignore
  const texts: readonly [EngineState, string][] = [
    [initialState,                                               "Pending"],
    [{ kind: "healthy", failures: 2, lastError: "" },            "Healthy"],
    [{ kind: "unhealthy", failures: 3, lastError: "" },          "Unhealthy"],
    [{ kind: "disconnected" },                                   "Pending"],
  ];
  for (const [state, text] of texts)
    it(`shows ${state.kind} as ${text}`, () => expect(statusText(state)).to.equal(text));

  const settings = { refreshMinMs: 30_000, refreshMaxMs: 60_000, failureRetry: 3 };
  // prettier-ignore
  const sweeps = [
    { it: "sweeps within the interval",                     kind: "healthy",   failures: 0,     fraction: 0,   ms: 30_000 },
    { it: "spreads sweeps over the interval",               kind: "healthy",   failures: 0,     fraction: 0.5, ms: 45_000 },
    { it: "does not slow down before the threshold",        kind: "healthy",   failures: 2,     fraction: 0,   ms: 30_000 },
    { it: "does not slow down at the threshold",            kind: "unhealthy", failures: 3,     fraction: 0,   ms: 30_000 },
    { it: "slows down while an engine stays away",          kind: "unhealthy", failures: 4,     fraction: 0,   ms: 60_000 },
    { it: "never slows down by more than a minute",         kind: "unhealthy", failures: 9_999, fraction: 0,   ms: 90_000 },
  ] as const;
  for (const { it: title, kind, failures, fraction, ms } of sweeps) {
    const state = { kind, failures, lastError: "" };
    it(title, () => expect(sweepDelayMs(state, settings, { fraction, watched: false })).to.equal(ms));
  }

  it("asks an engine whose events are followed less often", () => {
    const delay = (fraction: number) =>
      sweepDelayMs({ kind: "healthy", failures: 0, lastError: "" }, settings, { fraction, watched: true });
    expect([delay(0), delay(0.5)]).to.deep.equal([60_000, 63_000]);
  });

  it("tries pending engines after 1, 2, 4 … 60 seconds", () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 1_000].map(
      (failures) => validationDelayMs(failures, 0.5) / 1_000,
    );
    expect(delays).to.deep.equal([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it("spreads those tries by a quarter both ways", () => {
    expect([0, 1].map((fraction) => validationDelayMs(1, fraction))).to.deep.equal([750, 1_250]);
  });
});
