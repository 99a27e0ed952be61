import { containerSummary, statusText } from "./container-view.ts";
import { inspectText } from "./inspect-view.ts";
import type { EngineState } from "./state.ts";
import type { SimContainer } from "./types.ts";

/** A container's list entry as text, and what it was made from. */
interface Rendered {
  readonly of: readonly unknown[];
  /** Up to its `Status` and from there on. */
  readonly entry: readonly [string, string];
}

/**
 * The texts of an engine's containers, made again only when something of a container has changed: a fleet of a thousand
 * engines must not be what a benchmark measures.
 */
export class ContainerTexts {
  readonly #state: EngineState;
  readonly #rendered = new WeakMap<SimContainer, Rendered>();

  constructor(state: EngineState) {
    this.#state = state;
  }

  /** `JSON.stringify(containerSummary(…))` */
  entry(container: SimContainer, linkNames: readonly string[]): string {
    if (linkNames.length > 0) return JSON.stringify(containerSummary(this.#state, container, linkNames));
    const [before, after] = this.#rendering(container).entry;
    return `${before}${statusText(container, this.#state.clock.now())}${after}`;
  }

  /** `JSON.stringify(containerInspect(…))` and a newline. */
  inspect(container: SimContainer): string {
    return `${inspectText(this.#state, container)}\n`;
  }

  #halves(container: SimContainer): readonly [string, string] {
    const text = JSON.stringify(containerSummary(this.#state, container, []));
    const mark = `"State":"${container.status}","Status":"`;
    const at = text.lastIndexOf(mark) + mark.length;
    return [text.slice(0, at), text.slice(text.indexOf('"', at))];
  }

  #rendering(container: SimContainer): Rendered {
    const of = everythingShown(this.#state, container);
    const known = this.#rendered.get(container);
    if (known?.of.every((value, index) => value === of[index]) === true) return known;
    const rendered = { of, entry: this.#halves(container) };
    this.#rendered.set(container, rendered);
    return rendered;
  }
}

/** Whatever changes of a list entry changes one of these: arrays and objects are replaced, endpoints change with the pid. */
const everythingShown = (state: EngineState, container: SimContainer): readonly unknown[] => [
  container.name,
  container.status,
  container.pid,
  container.hostConfig,
  container.endpoints,
  container.ports,
  container.mounts,
  ...container.endpoints.map(({ network }) => state.networkIdOf(network)),
];
