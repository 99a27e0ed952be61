import { containerSummary, inspectText, statusText } from "./container-view.ts";
import type { EngineState } from "./state.ts";
import type { SimContainer } from "./types.ts";

/** A container's answers as texts, and what they were made from. */
interface Rendered {
  readonly of: readonly unknown[];
  /** The list entry up to its `Status` and from there on. */
  readonly entry?: readonly [string, string];
  readonly inspect?: Buffer;
}

/** How many inspect answers of one engine are kept. */
const KEPT_INSPECTS = 4;

/**
 * The texts of an engine's containers, made again only when something of a container has changed: a fleet of a thousand
 * engines must not be what a benchmark measures.
 */
export class ContainerTexts {
  readonly #state: EngineState;
  readonly #rendered = new WeakMap<SimContainer, Rendered>();
  /** Whose inspect answer is kept, oldest first. */
  readonly #inspected: SimContainer[] = [];

  constructor(state: EngineState) {
    this.#state = state;
  }

  /** `JSON.stringify(containerSummary(…))` */
  entry(container: SimContainer, linkNames: readonly string[]): string {
    if (linkNames.length > 0) return JSON.stringify(containerSummary(this.#state, container, linkNames));
    const known = this.#current(container);
    const [before, after] =
      known.entry ?? this.#keep(container, { ...known, entry: this.#halves(container) });
    return `${before}${statusText(container, this.#state.clock.now())}${after}`;
  }

  /** `JSON.stringify(containerInspect(…))` and a newline. */
  inspect(container: SimContainer): Buffer {
    const known = this.#current(container);
    if (known.inspect !== undefined) return known.inspect;
    const inspect = Buffer.from(`${inspectText(this.#state, container)}\n`);
    this.#rendered.set(container, { ...known, inspect });
    this.#inspected.push(container);
    const oldest = this.#inspected.length > KEPT_INSPECTS ? this.#inspected.shift() : undefined;
    if (oldest !== undefined && oldest !== container) this.#dropInspect(oldest);
    return inspect;
  }

  #halves(container: SimContainer): readonly [string, string] {
    const text = JSON.stringify(containerSummary(this.#state, container, []));
    const mark = `"State":"${container.status}","Status":"`;
    const at = text.lastIndexOf(mark) + mark.length;
    return [text.slice(0, at), text.slice(text.indexOf('"', at))];
  }

  #keep(container: SimContainer, rendered: Rendered): readonly [string, string] {
    this.#rendered.set(container, rendered);
    return rendered.entry ?? ["", ""];
  }

  #dropInspect(container: SimContainer): void {
    const rendered = this.#rendered.get(container);
    if (rendered?.entry === undefined) this.#rendered.delete(container);
    else this.#rendered.set(container, { of: rendered.of, entry: rendered.entry });
  }

  #current(container: SimContainer): Rendered {
    const of = everythingShown(this.#state, container);
    const known = this.#rendered.get(container);
    return known?.of.every((value, index) => value === of[index]) === true ? known : { of };
  }
}

/** Whatever changes of a container changes one of these: arrays and objects are replaced, endpoints change with the pid. */
const everythingShown = (state: EngineState, container: SimContainer): readonly unknown[] => [
  container.name,
  container.status,
  container.pid,
  container.exitCode,
  container.error,
  container.startedMs,
  container.finishedMs,
  container.restartCount,
  container.health,
  container.hostConfig,
  container.endpoints,
  container.ports,
  container.mounts,
  container.execIds?.length,
  ...container.endpoints.map(({ network }) => state.networkIdOf(network)),
];
