import type { IncomingMessage } from "node:http";
import { ApiError, badRequest } from "../errors.ts";
import { jsonKind, jsonSyntaxError } from "./views/go-json.ts";

/** A body we must read whole may be this long, bytes. A create body is a few kilobytes. */
const MAX_BODY_BYTES = 4 << 20;
/** Deeper nesting is refused: reading it costs nothing, but writing it again costs stack. */
const MAX_DEPTH = 1_000;

/**
 * Reads a body that has to be parsed, up to 4 MiB.
 * @throws ApiError 413; 400 when the client breaks off
 */
export function readBody(req: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const stop = (): void => {
      req.off("data", take).off("end", finish).off("error", breakOff).off("close", breakOff);
    };
    const refuse = (): void => {
      stop();
      req.pause();
      reject(tooLarge());
    };
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > MAX_BODY_BYTES) refuse();
    };
    const finish = (): void => {
      stop();
      const [only] = chunks;
      resolve(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, bytes));
    };
    const breakOff = (cause?: unknown): void => {
      stop();
      reject(new ApiError(400, "unexpected EOF", { cause }));
    };
    if (Number(req.headers["content-length"] ?? 0) > MAX_BODY_BYTES) refuse();
    else if (req.readableEnded) finish();
    else if (req.destroyed) breakOff();
    else req.on("data", take).on("end", finish).on("error", breakOff).on("close", breakOff);
  });
}

const tooLarge = (): ApiError =>
  new ApiError(413, `request body too large: the limit is ${MAX_BODY_BYTES} bytes`);

/**
 * Reads a JSON object. The decoder's complaints are in Docker's words, which clients print.
 * @throws ApiError 400 or 413
 */
export async function readJsonObject(req: IncomingMessage): Promise<Record<string, unknown>> {
  const text = (await readBody(req)).toString("utf8");
  if (text.trim() === "") throw badRequest("EOF");
  const value = parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badRequest(`json: cannot unmarshal ${jsonKind(value)} into Go value of type object`);
  }
  return value as Record<string, unknown>;
}

function parse(text: string): unknown {
  if (isTooDeep(text)) throw badRequest("exceeded max depth");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const reason = jsonSyntaxError(text) ?? "invalid JSON";
    throw badRequest(reason === "unexpected end of JSON input" ? "unexpected EOF" : reason);
  }
}

/** Counts brackets outside of strings; says nothing about whether they match. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > MAX_DEPTH) return true;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
  }
  return false;
}

const QUOTE = 34;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
