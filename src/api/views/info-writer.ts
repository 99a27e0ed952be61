import { randomUUID } from "node:crypto";
import { byName, headRows, infoBodyWith, nodeRows, type InfoInput } from "./info.ts";
import type { NodeView } from "./types.ts";

/** Stands for the rows while the rest is written; nobody outside this process can write it. */
const ROWS_MARK = randomUUID();

interface KnownRows {
  readonly facts: readonly unknown[];
  /** Their JSON, with a comma before. */
  readonly bytes: Buffer;
}

/** Writes `/info`. Keeps the rows of each node, which are nearly all of it, until something in them changes. */
export class InfoWriter {
  readonly #rows = new WeakMap<NodeView, KnownRows>();
  #order:
    | {
        readonly given: readonly NodeView[];
        readonly names: readonly string[];
        readonly sorted: readonly NodeView[];
      }
    | undefined;

  /** The JSON of `infoBody(input)`, and a newline. @param warnings without `WARNING: ` */
  write(input: InfoInput, warnings: readonly string[]): Buffer {
    const body = infoBodyWith(input, ROWS_MARK);
    const text = JSON.stringify(
      warnings.length === 0 ? body : { ...body, Warnings: warnings.map((warning) => `WARNING: ${warning}`) },
    );
    const mark = `"${ROWS_MARK}"`;
    const at = text.indexOf(mark);
    const head = JSON.stringify(headRows(input)).slice(0, -1);
    return Buffer.concat([
      Buffer.from(text.slice(0, at) + head),
      ...this.#sorted(input.nodes).map((node) => this.#rowsOf(node)),
      Buffer.from(`]${text.slice(at + mark.length)}\n`),
    ]);
  }

  #rowsOf(node: NodeView): Buffer {
    const facts = factsOf(node);
    const known = this.#rows.get(node);
    if (known?.facts.every((fact, at) => fact === facts[at]) === true) return known.bytes;
    const bytes = Buffer.from(`,${JSON.stringify(nodeRows(node)).slice(1, -1)}`);
    this.#rows.set(node, { facts, bytes });
    return bytes;
  }

  #sorted(nodes: readonly NodeView[]): readonly NodeView[] {
    const known = this.#order;
    const isSame =
      known?.given.length === nodes.length &&
      nodes.every((node, at) => node === known.given[at] && node.name === known.names[at]);
    if (known !== undefined && isSame) return known.sorted;
    const sorted = [...nodes].sort(byName);
    this.#order = { given: [...nodes], names: nodes.map(({ name }) => name), sorted };
    return sorted;
  }
}

/** All that {@link nodeRows} reads. */
function factsOf(node: NodeView): readonly unknown[] {
  const { total, running, paused, stopped } = node.containers;
  return [
    node.name,
    node.addr,
    node.id,
    node.state,
    node.availability,
    total,
    running,
    paused,
    stopped,
    node.reservedCpus,
    node.totalCpus,
    node.reservedMemoryBytes,
    node.totalMemoryBytes,
    node.labels,
    node.error,
    Math.floor(node.updatedAt / 1_000),
    node.serverVersion,
  ];
}
