import { request } from "node:http";
import type { Outcome } from "../clients/history.ts";

/** One request on a connection of its own. Never rejects: what went wrong is the outcome. */
export async function ask(
  url: string,
  { method = "GET", body, timeoutMs = 15_000 }: { method?: string; body?: unknown; timeoutMs?: number } = {},
): Promise<{ readonly outcome: Outcome; readonly body: string }> {
  return await new Promise((resolve) => {
    let text = "";
    let sent = false;
    const failed = (error: Error & { readonly code?: string }) => {
      const kind = sent || error.code !== "ECONNREFUSED" ? "cut" : "unsent";
      resolve({ outcome: { kind, error: error.code ?? error.message }, body: text });
    };
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = payload === undefined ? {} : { "Content-Type": "application/json" };
    const signal = AbortSignal.timeout(timeoutMs);
    const call = request(url, { method, headers, agent: false, signal }, (answer) => {
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => (text += chunk));
      answer.on("error", failed);
      answer.on("end", () => {
        const { message, Id: id } = parse(text) as { message?: unknown; Id?: unknown };
        resolve({
          outcome: {
            kind: "answered",
            status: answer.statusCode ?? 0,
            message: typeof message === "string" ? message : "",
            ...(typeof id === "string" ? { id } : {}),
          },
          body: text,
        });
      });
    });
    call.on("socket", (socket) => socket.once("connect", () => (sent = true)));
    call.on("error", failed);
    call.end(payload);
  });
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
