import type { Engine } from "../../cluster/engine.ts";
import { ApiError } from "../../errors.ts";
import { Records, type EndUse } from "./records.ts";

/** A client keeps its builder node this long after its last stream, milliseconds: the node has its build cache. */
const CLIENT_MS = 15 * 60_000;
/** Builds and sessions are known this long after they ended, milliseconds. */
const BUILD_MS = 60 * 60_000;
/** Of each kind. */
const LIMIT = 10_000;
/** How long a request waits for the build it belongs to, milliseconds. */
export const BUILD_WAIT_MS = 5_000;

/** A client's builder node. */
export interface ClientNode {
  readonly addr: string;
  /** The wish it was chosen by: a node, a constraint, or `""`. */
  readonly wish: string;
}

/** Which node builds for which client, and where builds and their sessions are (spec: api.md §8.3, §10.4). Nodes are known by address. */
export class Builders {
  /** The builder node of each client. */
  readonly clients: Records<ClientNode>;
  /** The nodes that clients asked for when they pinged. */
  readonly wishes: Records<string>;
  /** The clients that have `/grpc` streams open now. */
  readonly grpcClients: Records<true>;
  /** By build ID. */
  readonly builds: Records<string>;
  /** By session ID. */
  readonly sessions: Records<string>;

  constructor(now: () => number = Date.now) {
    this.clients = new Records({ keepMs: CLIENT_MS, limit: LIMIT, now });
    this.wishes = new Records({ keepMs: CLIENT_MS, limit: LIMIT, now });
    this.grpcClients = new Records({ keepMs: 0, limit: LIMIT, now });
    this.builds = new Records({ keepMs: BUILD_MS, limit: LIMIT, now });
    this.sessions = new Records({ keepMs: BUILD_MS, limit: LIMIT, now });
  }

  /** How many clients have a node of their own. */
  get size(): number {
    return this.clients.size;
  }

  /**
   * A build begins on a node; the answer says that it has ended.
   * @throws ApiError 500 `build already started` when this ID had its build already
   */
  begin(
    { buildId, sessionId }: { readonly buildId: string; readonly sessionId: string },
    { addr }: Engine,
  ): () => void {
    if (buildId !== "" && this.builds.get(buildId) !== undefined)
      throw new ApiError(500, "build already started");
    const uses: EndUse[] = [];
    if (buildId !== "") uses.push(this.builds.use(buildId, addr));
    if (sessionId !== "") uses.push(this.sessions.use(sessionId, addr));
    return () => {
      for (const end of uses) end();
    };
  }
}
