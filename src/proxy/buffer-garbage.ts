import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** After so many bytes a transfer's Buffers are swept. V8 by itself waits for 32 MiB of them. */
const SWEEP_BYTES = 4 << 20;

type MinorCollection = (options: { readonly type: "minor" }) => void;

let passedBytes = 0;
let collect: MinorCollection | undefined;

/**
 * Tells that a piece of a long transfer came in and will be let go. Every piece Node reads is a Buffer of its own, which is garbage once it is
 * sent; V8 collects them only when 32 MiB have piled up outside its heap, whatever its flags say (`kMaxSemiSpaceSize`). A young
 * collection every 4 MiB, a millisecond each, keeps the process at a fraction of that.
 */
export function notePassed(bytes: number): void {
  passedBytes += bytes;
  if (passedBytes < SWEEP_BYTES) return;
  passedBytes = 0;
  collect ??= minorCollection();
  collect({ type: "minor" });
}

/** V8's own function, which is otherwise behind a command line flag; nothing else changes by the flag. */
function minorCollection(): MinorCollection {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  return typeof gc === "function" ? (gc as MinorCollection) : () => undefined;
}
