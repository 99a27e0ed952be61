import type { IncomingMessage, ServerResponse } from "node:http";

/** `--api-enable-cors`: three headers on every answer (spec: api.md §1). */
export function allowAnyOrigin(res: ServerResponse): void {
  res.setHeader("Access-Control-Allow-Origin", "*");
  res.setHeader("Access-Control-Allow-Headers", "Origin, X-Requested-With, Content-Type, Accept");
  res.setHeader("Access-Control-Allow-Methods", "GET, POST, DELETE, PUT, OPTIONS, HEAD");
}

/** With CORS every route has an OPTIONS, whatever it is; without, none has. @returns whether this was one, which is answered now */
export function answerOptions({ method }: IncomingMessage, res: ServerResponse): boolean {
  if (method !== "OPTIONS") return false;
  res.writeHead(200, { "Content-Length": 0 }).end();
  return true;
}
