import { parseTimestamp, type EngineClock } from "./clock.ts";
import { EngineRefusal, type Exchange } from "./exchange.ts";

/** An event before the engine has put its time on it. */
export interface EventInput {
  /** `container`, `image`, `network`, `volume`, `daemon`. */
  readonly type: string;
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
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

/** The engine's events: a ring of past ones for `since`, and the open streams. */
export class EventLog {
  readonly #ring: RecordedEvent[] = [];
  readonly #keep: number;
  readonly #clock: EngineClock;
  readonly #streams = new Set<(event: RecordedEvent) => void>();

  constructor(keep: number, clock: EngineClock) {
    this.#keep = keep;
    this.#clock = clock;
  }

  get listeners(): number {
    return this.#streams.size;
  }

  record(input: EventInput): void {
    const nanos = this.#clock.nanos();
    const event = { ...input, nanos, text: toText(input, nanos) };
    this.#ring.push(event);
    if (this.#ring.length > this.#keep) this.#ring.shift();
    for (const send of [...this.#streams]) send(event);
  }

  /** `GET /events`. */
  serve(exchange: Exchange): void {
    const since = timeParam(exchange, "since");
    const until = timeParam(exchange, "until");
    const wanted = matcher(exchange.filters(FILTERS));
    const res = exchange.stream("application/json");
    const send = (event: RecordedEvent): void => {
      if (wanted(event) && (until === undefined || event.nanos <= until)) res.write(event.text);
    };
    if (since !== undefined) for (const event of this.#ring) if (event.nanos >= since) send(event);
    const leftMs = until === undefined ? undefined : Number(until / 1_000_000n) - this.#clock.now();
    if (leftMs !== undefined && leftMs <= 0) {
      res.end();
      return;
    }
    this.#streams.add(send);
    const stop = leftMs === undefined ? undefined : exchange.state.alarms.after(leftMs, () => res.end());
    exchange.onClose(() => {
      this.#streams.delete(send);
      stop?.();
    });
  }
}

function toText({ type, action, id, attributes, from }: EventInput, nanos: bigint): string {
  const legacy =
    type === "container" || type === "image"
      ? { status: action, ...(id && { id }), ...(from && { from }) }
      : {};
  const Attributes = Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
  const head = JSON.stringify({
    ...legacy,
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes },
    scope: "local",
  });
  return `${head.slice(0, -1)},"time":${nanos / 1_000_000_000n},"timeNano":${nanos}}\n`;
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
