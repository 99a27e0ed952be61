import { LineCounter, parseDocument, type Document, type Node } from "yaml";
import { errorText } from "../../errors.ts";
import type { ClusterModel } from "../types.ts";
import { readCluster } from "./read-cluster.ts";
import { PlaceError, type Place } from "./section.ts";

/** More is no description of a cluster. A copy of 30,000 containers has a third of it. */
export const MAX_FILE_BYTES = 32 * 1024 ** 2;
/** So often the anchors of a file may be used, counted with what they hold: a small file must not become a large one. */
const MAX_ALIASES = 10_000;

/** A cluster file that cannot be used; the message names file and line. */
export class ClusterFileError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/**
 * Reads the text of a cluster file: YAML (or JSON), one document.
 * @param name of the file, for messages
 * @throws ClusterFileError `cluster.yaml:12: nodes[0].cpus should be …`
 */
export function parseCluster(text: string, name: string): ClusterModel {
  const lines = new LineCounter();
  // Every scalar stays the text it is: 20.10 is a version, 1.10 a label, and neither a number.
  const document = parseDocument(text, {
    ...{ schema: "failsafe", merge: true, lineCounter: lines, prettyErrors: false, logLevel: "silent" },
  });
  const [fault] = document.errors;
  if (fault !== undefined)
    throw new ClusterFileError(`${name}:${lines.linePos(fault.pos[0]).line}: ${fault.message}`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw new ClusterFileError(`${name}: ${errorText(error)}`, { cause: error });
  }
  try {
    return readCluster(value);
  } catch (error) {
    if (!(error instanceof PlaceError)) throw error;
    const line = lineOf(document, lines, error.place);
    throw new ClusterFileError(`${name}:${line}: ${error.message}`, { cause: error });
  }
}

/** Where a value, or what it should be in, begins; what an anchor brought is where it is used. */
function lineOf(document: Document, lines: LineCounter, place: Place): number {
  for (let length = place.length; length >= 0; length--) {
    const node = document.getIn(place.slice(0, length), true) as Node | null | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
