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
export async function readBody(req: IncomingMessage): Promise<Buffer> {
  const declared = Number(req.headers["content-length"] ?? 0);
  if (declared > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError(400, "unexpected EOF", { cause: error });
  }
  return Buffer.concat(chunks);
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
    const char = text[at];
    if (inString) {
      if (char === "\\") at++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === "{" || char === "[") {
      if (++depth > MAX_DEPTH) return true;
    } else if (char === "}" || char === "]") depth--;
  }
  return false;
}
