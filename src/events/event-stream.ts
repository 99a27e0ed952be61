import type { Writable } from "node:stream";
import type { EventTest } from "./event-filters.ts";
import type { EventHub } from "./event-hub.ts";
import type { EventPeriod } from "./event-query.ts";
import { EventWriter } from "./event-writer.ts";
import type { EventWriterOptions } from "./event-writer.ts";
import type { Clock, ClusterEvent } from "./types.ts";

/** The client's side: a `ServerResponse`, or something like it in a test. */
export type EventSink = Writable & {
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  flushHeaders(): void;
};

export interface EventStreamOptions extends EventWriterOptions {
  readonly period: EventPeriod;
  readonly test: EventTest;
  readonly clock: Clock;
  /** The client's `Accept`; JSON lines and sequences are served when asked for by name (E9). */
  readonly accept?: string | undefined;
  /** A newline after each object, as engines send it; false for the reference's `}{` (E8). */
  readonly newline?: boolean;
}

interface Framing {
  readonly contentType: string;
  readonly before: string;
  readonly after: string;
}

/** The longest a timer can wait. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Answers `GET /events`: the header at once, then what is asked of the past, then every event as it happens, until `until`, the hub's end or the
 * client's. A client that is too slow is cut off (events.md §1).
 */
export function streamEvents(sink: EventSink, hub: EventHub, options: EventStreamOptions): void {
  const { period, test, clock } = options;
  const framing = framingFor(options.accept, options.newline ?? true);
  const writer = new EventWriter(sink, clock, options);
  const send = (event: ClusterEvent): void => {
    if (test(event)) writer.write(framing.before + event.json + framing.after);
  };

  sink.on("error", () => undefined); // A client that went away; `close` follows.
  sink.writeHead(200, { "Content-Type": framing.contentType });
  sink.flushHeaders();

  const end = endOfPeriod(period);
  if (period.sinceNano !== undefined) {
    for (const event of hub.history(period.sinceNano)) {
      if (end === undefined || event.timeNano <= end.nano) send(event);
    }
  }
  if (end !== undefined && end.ms <= clock.now()) {
    writer.end();
    return;
  }

  const stops: (() => void)[] = [];
  const stop = (): void => {
    for (const undo of stops.splice(0)) undo();
  };
  const finish = (): void => {
    stop();
    writer.end();
  };
  sink.on("close", stop);
  if (end !== undefined) stops.push(at(clock, end.ms, finish));
  stops.push(hub.subscribe({ onEvent: send, onClose: finish }));
}

function endOfPeriod({ untilNano }: EventPeriod): { readonly nano: bigint; readonly ms: number } | undefined {
  if (untilNano === undefined) return undefined;
  return { nano: untilNano, ms: Number(untilNano / 1_000n) / 1_000 };
}

/** Runs a task at a moment, however far away; the returned function calls it off. */
function at(clock: Clock, momentMs: number, task: () => void): () => void {
  let cancel: () => void;
  const wait = (): void => {
    const left = momentMs - clock.now();
    cancel =
      left <= 0
        ? clock.after(0, task)
        : clock.after(Math.min(Math.ceil(left), maxTimerMs), left > maxTimerMs ? wait : task);
  };
  wait();
  return () => cancel();
}

function framingFor(accept: string | undefined, newline: boolean): Framing {
  const accepted = (accept ?? "").toLowerCase();
  for (const type of ["application/json-seq", "application/x-ndjson", "application/jsonl"]) {
    if (!accepted.includes(type)) continue;
    return { contentType: type, before: type.endsWith("-seq") ? "\u001e" : "", after: "\n" };
  }
  return { contentType: "application/json", before: "", after: newline ? "\n" : "" };
}
