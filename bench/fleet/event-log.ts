import { parseTimestamp, type EngineClock } from "./clock.ts";
import { EngineRefusal, type Exchange } from "./exchange.ts";

/** An event before the engine has put its time on it. */
export interface EventInput {
  /** `container`, `image`, `network`, `volume`, `daemon`. */
  readonly type: string;
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** {@link attributesText} of them, where that is at hand: a container has many events. */
  readonly attributesText?: string;
  /** The image, for container events. */
  readonly from?: string;
}

interface RecordedEvent extends EventInput {
  readonly nanos: bigint;
  /** As sent. `timeNano` does not fit a double, so the text is put together by hand. */
  readonly text: string;
}

const FILTERS = [
  "type",
  "event",
  "container",
  "image",
  "label",
  "network",
  "volume",
  "daemon",
  "scope",
  "plugin",
];

/** One client of `GET /events`. */
interface Listener {
  readonly wants: (event: RecordedEvent) => boolean;
  readonly write: (text: string) => void;
  /** Not sent yet. */
  unsent: string;
}

/** The engine's events: a ring of past ones for `since`, and the open streams. */
export class EventLog {
  readonly #ring: RecordedEvent[] = [];
  readonly #keep: number;
  readonly #clock: EngineClock;
  readonly #listeners = new Set<Listener>();
  #isFlushDue = false;

  constructor(keep: number, clock: EngineClock) {
    this.#keep = keep;
    this.#clock = clock;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Listeners get what is recorded in one turn in one piece, at its end or with {@link flush}. */
  record(input: EventInput): void {
    const nanos = this.#clock.nanos();
    const event = { ...input, nanos, text: toText(input, nanos) };
    this.#ring.push(event);
    if (this.#ring.length > this.#keep) this.#ring.shift();
    for (const listener of this.#listeners) if (listener.wants(event)) listener.unsent += event.text;
    if (this.#isFlushDue || this.#listeners.size === 0) return;
    this.#isFlushDue = true;
    queueMicrotask(() => this.flush());
  }

  /** Sends what was recorded, now. */
  flush(): void {
    if (!this.#isFlushDue) return;
    this.#isFlushDue = false;
    for (const listener of this.#listeners) flushTo(listener);
  }

  /** `GET /events`. */
  serve(exchange: Exchange): void {
    const since = timeParam(exchange, "since");
    const until = timeParam(exchange, "until");
    const wanted = matcher(exchange.filters(FILTERS));
    const { write, end } = exchange.texts("application/json");
    const listener: Listener = {
      wants: (event) => wanted(event) && (until === undefined || event.nanos <= until),
      write,
      unsent: "",
    };
    if (since !== undefined)
      for (const event of this.#ring)
        if (event.nanos >= since && listener.wants(event)) listener.unsent += event.text;
    flushTo(listener);
    const leftMs = until === undefined ? undefined : Number(until / 1_000_000n) - this.#clock.now();
    if (leftMs !== undefined && leftMs <= 0) {
      end();
      return;
    }
    this.#listeners.add(listener);
    const stop = leftMs === undefined ? undefined : exchange.state.alarms.after(leftMs, end);
    exchange.onClose(() => {
      this.#listeners.delete(listener);
      stop?.();
    });
  }
}

function flushTo(listener: Listener): void {
  if (listener.unsent === "") return;
  listener.write(listener.unsent);
  listener.unsent = "";
}

/** As JSON, sorted by name, as dockerd sends them. */
export function attributesText(attributes: Readonly<Record<string, string>>): string {
  const entries = Object.keys(attributes)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${JSON.stringify(attributes[name])}`);
  return `{${entries.join(",")}}`;
}

function toText(event: EventInput, nanos: bigint): string {
  const { type, action, id, from } = event;
  const attributes = event.attributesText ?? attributesText(event.attributes);
  const shown = JSON.stringify(action);
  const actor = JSON.stringify(id);
  let legacy = "";
  if (type === "container" || type === "image") {
    legacy = `"status":${shown},`;
    if (id !== "") legacy += `"id":${actor},`;
    if (from !== undefined && from !== "") legacy += `"from":${JSON.stringify(from)},`;
  }
  return (
    `{${legacy}"Type":"${type}","Action":${shown},"Actor":{"ID":${actor},"Attributes":${attributes}},` +
    `"scope":"local","time":${nanos / 1_000_000_000n},"timeNano":${nanos}}\n`
  );
}

function timeParam(exchange: Exchange, name: string): bigint | undefined {
  const text = exchange.query.get(name) ?? "";
  if (text === "" || text === "0") return undefined;
  const nanos = parseTimestamp(text);
  if (nanos === undefined)
    throw new EngineRefusal(
      400,
      `invalid value for "${name}": failed to parse value as time or duration: "${text}"`,
    );
  return nanos;
}

/** Values of one key are alternatives, keys must all match. */
function matcher(filters: ReadonlyMap<string, readonly string[]>): (event: EventInput) => boolean {
  const tests = [...filters].map(([key, values]) => {
    return (event: EventInput) => values.some((value) => matches(event, key, value));
  });
  return (event) => tests.every((test) => test(event));
}

function matches({ type, action, id, attributes }: EventInput, key: string, value: string): boolean {
  const isActor = (wanted: string): boolean =>
    type === wanted && (id.startsWith(value) || attributes.name === value || attributes.name === `/${value}`);
  switch (key) {
    case "type":
      return type === value;
    case "event":
      return action === value || action.startsWith(`${value}:`);
    case "container":
      return isActor("container") || attributes.container === value;
    case "image":
      return isActor("image") || attributes.image === value;
    case "network":
    case "volume":
    case "daemon":
    case "plugin":
      return isActor(key);
    case "label": {
      const [name = "", ...rest] = value.split("=");
      return name in attributes && (rest.length === 0 || attributes[name] === rest.join("="));
    }
    default:
      return key === "scope" && value === "local";
  }
}
