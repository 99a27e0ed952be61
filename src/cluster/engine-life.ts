import type { Logger } from "pino";
import { CANCELLED, EngineUnreachableError } from "../docker/engine-client.ts";
import type { EngineEvent } from "../docker/types.ts";
import { errorText } from "../errors.ts";
import { messages } from "../telemetry/messages.ts";
import type { EngineContext } from "./engine-context.ts";
import { DuplicateEngineError } from "./engine-specs.ts";
import { EngineFollower } from "./engine-follower.ts";
import { EngineIdentity, IdentityChangedError } from "./engine-identity.ts";
import {
  announcement,
  initialState,
  nextState,
  sweepDelayMs,
  validationDelayMs,
  type EngineLifeEvent,
  type EngineState,
} from "./engine-state.ts";
import type { Engine } from "./engine.ts";
import { Sleeper } from "./sleeper.ts";
import { within } from "./within.ts";

/** Failed requests of clients count against an engine at most once in this time, milliseconds. */
const FAILURE_WINDOW_MS = 1_000;

/** From one validation to the loss of the engine's identity. */
interface Session {
  readonly ends: AbortController;
  readonly follower: EngineFollower;
}

/**
 * The life of one engine: {@link nextState} with the loop, the calls and the log around it. Validates a pending engine, sweeps a
 * validated one, and looks for itself when others report contact or its failure.
 */
export class EngineLife {
  readonly identity: EngineIdentity;
  readonly #engine: Engine;
  readonly #context: EngineContext;
  readonly #closed: AbortSignal;
  readonly #sleeper = new Sleeper();
  #running: Promise<void> = Promise.resolve();
  #log: Logger;
  #state: EngineState = initialState;
  #session: Session | undefined;
  /** Unix milliseconds. */
  #updatedAt = 0;
  /** By a clock that never jumps, milliseconds. */
  #failedAt = -Infinity;
  #recovering: Promise<void> | undefined;
  #probing: Promise<void> | undefined;

  constructor(engine: Engine, context: EngineContext, closed: AbortSignal) {
    this.#engine = engine;
    this.#context = context;
    this.#closed = closed;
    this.identity = new EngineIdentity(engine);
    this.#log = context.log.child({ addr: engine.addr });
  }

  get state(): EngineState {
    return this.#state;
  }
  get isMember(): boolean {
    return this.#state.kind === "healthy" || this.#state.kind === "unhealthy";
  }
  get updatedAt(): number {
    return this.#updatedAt;
  }

  start(): void {
    this.#running = this.#run().catch((error: unknown) => {
      this.#log.error({ err: error }, "the life of an engine ended early");
    });
  }

  wake(): void {
    this.#sleeper.wake();
  }

  /** Call after closing. Resolves when nothing of it runs any more. */
  async end(): Promise<void> {
    this.#apply({ kind: "removed" });
    this.#endSession();
    await Promise.all([this.#running, this.#recovering, this.#probing]);
  }

  /** The address answers as another engine, or another address took this engine over. */
  loseIdentity(error: string): void {
    if (!this.isMember) return;
    this.#apply({ kind: "identity-lost", error });
    this.#endSession();
    this.wake();
  }

  noteSuccess(): void {
    this.#updatedAt = Date.now();
    if (this.#state.kind === "unhealthy") void this.#recover();
    else if (this.#state.kind === "healthy" && this.#state.failures > 0) this.#apply({ kind: "contact" });
  }

  noteFailure(error: unknown): void {
    if (isCancelled(error) || this.#state.kind !== "healthy" || this.#probing !== undefined) return;
    if (performance.now() - this.#failedAt < FAILURE_WINDOW_MS) return;
    this.#failedAt = performance.now();
    // A client's failed request may be the client's bad luck: before an engine is flagged, we look for ourselves.
    if (this.#state.failures + 1 < this.#context.settings.failureRetry) this.#contactFailed(error);
    else this.#probing = this.#probe().finally(() => (this.#probing = undefined));
  }

  async #run(): Promise<void> {
    while (!this.#closed.aborted) {
      if (!this.isMember) await this.#validate();
      await this.#sleeper.sleep(this.#pauseMs(), this.#closed);
      if (this.isMember) await this.#sweep();
    }
  }

  #pauseMs(): number {
    const { random, settings } = this.#context;
    const state = this.#state;
    if (state.kind === "pending") return validationDelayMs(state.failures, random());
    return sweepDelayMs(state, settings, random());
  }

  // ── Validation ────────────────────────────────────────────────────────────────────────────────────────────────

  /** The connection sequence (node-lifecycle.md §3.1). Every failure, of whatever kind, shows in the Error row. */
  async #validate(): Promise<void> {
    const { cache, addr } = this.#engine;
    const session = this.#newSession();
    this.#session = session;
    try {
      await this.identity.resolve(session.ends.signal);
      await this.#readSpecs();
      await session.follower.start((error) => this.#log.error({ err: error }, "event monitor failed"));
      await cache.readAll("everything");
      const joined = this.#context.admit(this.#engine, () => this.#join(session));
      await within("joining the cluster", joined, { signal: session.ends.signal });
    } catch (error) {
      if (this.isMember || this.#session !== session) return;
      this.#endSession();
      this.#updatedAt = Date.now();
      const text = errorText(error);
      const repeated = this.#state.kind === "pending" && this.#state.lastError === text;
      this.#apply({ kind: "refused", error: text });
      if (!repeated && !this.#closed.aborted)
        this.#log.warn({ Addr: addr }, messages.pendingNodeInvalid(text));
    }
  }

  /** In the same turn as the decision to admit it. */
  #join(session: Session): void {
    const { cache, name, addr } = this.#engine;
    if (session.ends.signal.aborted) throw new Error("removed while connecting");
    this.#updatedAt = Date.now();
    cache.inventory.attach(this.#context.index);
    this.#apply({ kind: "validated" });
    this.#log.info(messages.registeredEngine(name, addr));
  }

  #newSession(): Session {
    const ends = new AbortController();
    const { client, cache } = this.#engine;
    const context = this.#context;
    const handler = {
      random: () => context.random(),
      publish: (event: EngineEvent) => {
        if (this.isMember) this.#tell(() => context.publish(this.#engine, event));
      },
      execCreated: (execId: string, containerId: string) =>
        context.execCreated(execId, this.#engine, containerId),
      specsChanged: () => this.#readSpecs(),
      lost: (error: unknown) => {
        this.#log.error({ error: errorText(error) }, messages.eventStreamBroken);
        this.noteFailure(error);
      },
      restored: () => void this.#reconnected(session),
      clockDeltaMs: () => this.#engine.clockDeltaMs,
    };
    const session = { ends, follower: new EngineFollower(client, cache, handler, ends.signal) };
    return session;
  }

  /** Nothing that began in the session has an effect any more, and what it held is forgotten. */
  #endSession(): void {
    const { cache, connections } = this.#engine;
    this.#session?.ends.abort();
    this.#session = undefined;
    cache.reset();
    connections.cut();
  }

  async #readSpecs(): Promise<void> {
    await this.identity.read(this.#log);
    this.#log = this.#context.log.child({ name: this.#engine.name, id: this.#engine.id });
  }

  // ── Watching a member ─────────────────────────────────────────────────────────────────────────────────────────

  /** One round of the refresh loop: is it there, and did we miss anything? */
  async #sweep(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    try {
      await this.#engine.client.ping();
    } catch (error) {
      this.#contactFailed(error);
      return;
    }
    if (!this.#isCurrent(session)) return;
    if (this.#state.kind === "unhealthy") await this.#recover();
    else await this.#catchUp(session);
  }

  /** A daemon that pings but cannot list hangs all the same, so only the whole of it is a success. */
  async #catchUp(session: Session): Promise<void> {
    const { cache } = this.#engine;
    try {
      const stale = this.identity.isStale;
      if (stale) await this.#readSpecs();
      if (session.follower.isBehind) await session.follower.resync();
      else await cache.readAll(stale ? "lists" : "changed-containers");
      if (!this.#isCurrent(session)) return;
      this.noteSuccess();
      this.#log.debug(messages.engineUpdated);
    } catch (error) {
      this.#sweepFailed(session, error);
    }
  }

  /** The event stream is back: it may be another daemon, or another version of it. */
  async #reconnected(session: Session): Promise<void> {
    if (this.#state.kind === "unhealthy") {
      // A recovery that began before the stream was back may have looked too early.
      const early = this.#recovering;
      await this.#recover();
      if (early === undefined) return;
    }
    try {
      if (!this.#isCurrent(session)) return;
      await this.#readSpecs();
      await session.follower.resync();
      if (this.#isCurrent(session)) this.noteSuccess();
    } catch (error) {
      this.#sweepFailed(session, error);
    }
  }

  #sweepFailed(session: Session, error: unknown): void {
    if (!this.#isCurrent(session) || isCancelled(error)) return;
    this.#log.error(messages.updateSpecsFailed(errorText(error)));
    if (error instanceof IdentityChangedError) this.loseIdentity(error.message);
    // An engine that refuses a list is alive.
    else if (error instanceof EngineUnreachableError) this.#contactFailed(error);
  }

  /** An unhealthy engine answered: look at all of it before it counts as healthy. One attempt at a time. */
  #recover(): Promise<void> {
    this.#recovering ??= this.#tryRecover().finally(() => (this.#recovering = undefined));
    return this.#recovering;
  }

  async #tryRecover(): Promise<void> {
    const session = this.#session;
    if (session === undefined || this.#state.kind !== "unhealthy") return;
    const { failures } = this.#state;
    try {
      await this.#readSpecs();
      // First, so that a daemon which joined at another address meanwhile is not counted twice, even for a moment.
      const admitted = this.#context.admit(this.#engine, () => undefined);
      await within("rejoining the cluster", admitted, { signal: session.ends.signal });
      await session.follower.resync();
    } catch (error) {
      if (!this.#isCurrent(session)) return;
      if (error instanceof IdentityChangedError) this.#sweepFailed(session, error);
      else if (error instanceof DuplicateEngineError) this.loseIdentity(error.message);
      else this.#apply({ kind: "contact-failed", error: errorText(error) });
      return;
    }
    if (!this.#isCurrent(session)) return;
    this.#updatedAt = Date.now();
    this.#apply({ kind: "contact" });
    this.#log.info(messages.engineBack(failures));
    session.follower.wake();
  }

  async #probe(): Promise<void> {
    try {
      await this.#engine.client.ping();
      this.noteSuccess();
    } catch (error) {
      this.#contactFailed(error);
    }
  }

  #contactFailed(error: unknown): void {
    if (isCancelled(error)) return;
    this.#updatedAt = Date.now();
    this.#failedAt = performance.now();
    const wasHealthy = this.#state.kind === "healthy";
    const state = this.#apply({ kind: "contact-failed", error: errorText(error) });
    if (!wasHealthy || state.kind !== "unhealthy") return;
    this.#log.error(messages.engineUnhealthy(state.failures));
    // Whoever still waits for a stream of a dead engine would wait for ever.
    this.#engine.connections.cut();
  }

  #isCurrent(session: Session): boolean {
    return this.#session === session && !session.ends.signal.aborted;
  }

  #apply(event: EngineLifeEvent): EngineState {
    const from = this.#state;
    this.#state = nextState(from, event, this.#context.settings.failureRetry);
    const action = announcement(from, this.#state);
    if (action !== undefined) this.#tell(() => this.#context.announce(this.#engine, action));
    return this.#state;
  }

  /** A listener's bug is not the engine's. */
  #tell(say: () => void): void {
    try {
      say();
    } catch (error) {
      this.#log.error({ err: error }, "a listener failed");
    }
  }
}

const isCancelled = (error: unknown): boolean =>
  error instanceof EngineUnreachableError && error.code === CANCELLED;
