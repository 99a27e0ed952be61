import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below what systems give outgoing connections, any of which would take it between our look and its use. */
const RANGE = [10_000, 32_000] as const;
const TRIES = 100;

/** A TCP port that nothing listens on at this address right now, nor soon will by chance. @throws {Error} when none is found */
export async function freePort(address: string): Promise<number> {
  let reason: unknown;
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(...RANGE);
    const server = createServer().listen(port, address);
    try {
      await once(server, "listening");
    } catch (error) {
      reason = error;
      continue;
    }
    server.close();
    await once(server, "close");
    return port;
  }
  throw new Error(`no free port at ${address}`, { cause: reason });
}
