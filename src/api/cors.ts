import type { NextFunction, Request, Response } from "express";

/** `--api-enable-cors`: three headers on every answer (spec: api.md §1). */
export function allowAnyOrigin(_req: Request, res: Response, next: NextFunction): void {
  res.setHeader("Access-Control-Allow-Origin", "*");
  res.setHeader("Access-Control-Allow-Headers", "Origin, X-Requested-With, Content-Type, Accept");
  res.setHeader("Access-Control-Allow-Methods", "GET, POST, DELETE, PUT, OPTIONS, HEAD");
  next();
}

/** With CORS every route has an OPTIONS, whatever it is; without, none has. */
export function answerOptions(req: Request, res: Response, next: NextFunction): void {
  if (req.method === "OPTIONS") res.writeHead(200, { "Content-Length": 0 }).end();
  else next();
}
