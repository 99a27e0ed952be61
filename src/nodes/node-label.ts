import { BUILT_IN_LABELS } from "../cluster/engine-specs.ts";
import { clip } from "../scheduler/clip.ts";

/** The most labels one node is given at run time. */
export const MAX_LABELS = 64;
/** The longest key and value, in UTF-16 units. */
const MAX_KEY = 128;
const MAX_VALUE = 256;

/** What a constraint can name (`filters/expression.ts`). */
const KEY = /^[a-z_][a-z0-9\-_.]*$/i;

/** Why a node cannot be given this label; undefined: it can. */
export function labelProblem(key: string, value: string): string | undefined {
  const named = JSON.stringify(clip(key));
  if (key.length > MAX_KEY) return `the key ${named} is longer than ${MAX_KEY} characters`;
  if (!KEY.test(key)) {
    return `${named} is not a label's key: one begins with a letter or an underscore, and has letters, digits, "-", "_" and "." only`;
  }
  if (key.toLowerCase() === "node") return `${named} is what constraints call a node itself`;
  if (BUILT_IN_LABELS.includes(key)) return `${named} is built in: nobody can set it`;
  if (value.length > MAX_VALUE) return `the value of ${named} is longer than ${MAX_VALUE} characters`;
  if (/[\p{Cc}\p{Cs}]/u.test(value)) return `the value of ${named} has control characters`;
  return undefined;
}
