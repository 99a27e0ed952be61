import { request as httpRequest } from "node:http";
import { connect } from "node:net";

/** An answer with its body as text. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** One request on a connection of its own. */
export function request(addr: string, method: string, path: string, body?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = httpRequest(`http://${addr}${path}`, { method, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () =>
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    req.on("error", reject);
    req.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** The `message` of an error answer. */
export const messageOf = ({ body }: Answer): string => (JSON.parse(body) as { message: string }).message;

/** Sends raw bytes, closes the writing side when `end` settles, and gives everything that came back until the other end closed. */
export function rawExchange(
  addr: string,
  head: string,
  end?: (write: (text: string) => void) => Promise<void>,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const [host = "", port = ""] = addr.split(":");
    const socket = connect({ host, port: Number(port), allowHalfOpen: true });
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", reject);
    socket.on("end", () => {
      socket.destroy();
      resolve(Buffer.concat(chunks));
    });
    socket.write(head);
    void (end?.((text) => socket.write(text)) ?? Promise.resolve()).then(() => socket.end(), reject);
  });
}
