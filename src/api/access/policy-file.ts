import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errorText } from "../../errors.ts";
import { fileErrorText } from "../../telemetry/os-error.ts";
import { parsePolicy } from "./parse-policy.ts";
import type { Policy } from "./policy.ts";

/** A policy of a thousand rules is a tenth of it. */
const MAX_BYTES = 1 << 20;

/** @throws Error naming the file, the place in it and the remedy */
export function readPolicyFile(path: string): Policy {
  const text = read(path);
  try {
    return parsePolicy(text);
  } catch (error) {
    throw new Error(`authorization policy ${path}: ${errorText(error)}`, { cause: error });
  }
}

function read(path: string): string {
  let file: number | undefined;
  try {
    // A pipe without a writer would keep us waiting.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = fstatSync(file);
    if (!status.isFile()) throw new Error("this is no file: name one");
    const { mode, size } = status;
    if ((mode & 0o002) !== 0)
      throw new Error("everybody may write it, and so become admin: chmod o-w the file");
    if (size > MAX_BYTES) throw new Error(`longer than ${MAX_BYTES} bytes: use patterns`);
    const bytes = Buffer.alloc(size);
    return bytes.toString("utf8", 0, readSync(file, bytes, 0, size, 0));
  } catch (error) {
    const text =
      (error as NodeJS.ErrnoException).code === undefined ? errorText(error) : fileErrorText(path, error);
    throw new Error(`authorization policy ${path}: ${text}`, { cause: error });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
