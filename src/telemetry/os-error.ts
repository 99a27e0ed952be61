import { getSystemErrorMap } from "node:util";

/** Where the words of the contract differ from libuv's. */
const contractWords: Readonly<Record<string, string>> = {
  EISDIR: "is a directory",
  ETIMEDOUT: "i/o timeout",
};

/** An operating system error in plain words: `no such file or directory`. Other errors keep their message. */
export function osErrorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code !== undefined && contractWords[code] !== undefined) return contractWords[code];
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  return known?.[1] ?? error.message;
}

/** Why a file could not be read, as the contract words it: `open /x: no such file or directory`. */
export function fileErrorText(path: string, error: unknown): string {
  const operation = (error as NodeJS.ErrnoException).code === "EISDIR" ? "read" : "open";
  return `${operation} ${path}: ${osErrorText(error)}`;
}
