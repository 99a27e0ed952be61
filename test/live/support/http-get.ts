import { readFileSync } from "node:fs";
import { request } from "node:http";
import { request as secureRequest } from "node:https";
import path from "node:path";
import type { SecureContextOptions } from "node:tls";

/** A client's `ca.pem`, `cert.pem` and `key.pem`, to be read for every request: a test may replace them. */
export function clientFiles(folder: string): { ca: string; cert: string; key: string } {
  const read = (name: string): string => readFileSync(path.join(folder, name), "utf8");
  return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
}

/**
 * One `GET`, on a connection of its own.
 * @param tls for an `https` address: the folder with the client's files, or what to use
 */
export async function httpGet(
  url: string,
  tls?: string | SecureContextOptions,
  timeoutMs = 5000,
): Promise<{ readonly status: number; readonly body: string }> {
  return await new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const common = { signal, agent: false } as const;
    const own = typeof tls === "string" ? clientFiles(tls) : tls;
    const call = own === undefined ? request(url, common) : secureRequest(url, { ...common, ...own });
    call.on("response", (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    call.on("error", reject);
    call.end();
  });
}
