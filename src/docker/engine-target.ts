import type { Agent } from "node:http";
import type { Socket } from "node:net";

/** Where and how to reach one engine for forwarded requests. Implemented by `src/cluster/engine.ts`. */
export interface EngineTarget {
  /** The node's name, for messages. */
  readonly name: string;
  /** `host:port` as discovery gave it. */
  readonly addr: string;
  readonly host: string;
  readonly port: number;
  /** The engine's keep-alive pool for forwarded requests: one per engine. */
  readonly agent: Agent;
  /** How often every connection was cut because the engine was given up: what ended by that is not tried again. */
  readonly cuts: number;
  /**
   * The path to send: version prefix clamped to what this engine speaks (api.md §10.1 rule 4).
   * @param clientVersion `1.41`, or undefined when the client sent no prefix
   * @param path unversioned path and query, e.g. `/containers/<id>/logs?follow=1`
   */
  versionedPath(clientVersion: string | undefined, path: string): string;
  /** Asked right before a plain request is sent. @throws ApiError when this manager may not act any more */
  readonly fence?: (method: string) => void;
  /** A fresh raw connection (half-open allowed) for spliced streams; rejects within the dial timeout. */
  dial(): Promise<Socket>;
  /** Ends a connection of the pool, which the pool is told nothing more of, when the engine is given up; none: such a one cannot be had. */
  readonly adopt?: (socket: Socket) => void;
  /** Health accounting: an exchange with this engine worked (api.md §2). */
  noteSuccess(): void;
  /** Health accounting: an exchange with this engine failed to connect. */
  noteFailure(error: unknown): void;
}
