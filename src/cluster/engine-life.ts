import { CANCELLED, EngineUnreachableError } from "../docker/engine-client.ts";
import { errorText } from "../errors.ts";
import { messages } from "../telemetry/messages.ts";
import type { EngineContext } from "./engine-context.ts";
import { enterCluster } from "./engine-entrance.ts";
import { DuplicateEngineError } from "./engine-specs.ts";
import { EngineFollower } from "./engine-follower.ts";
import { EngineIdentity, IdentityChangedError } from "./engine-identity.ts";
import { EngineStanding } from "./engine-standing.ts";
import { sweepDelayMs, validationDelayMs } from "./engine-state.ts";
import { beatMs, onBeat } from "./sweep-beat.ts";
import type { Engine } from "./engine.ts";
import { QuietLooks } from "./quiet-looks.ts";
import { Sleeper } from "./sleeper.ts";
import { within } from "./within.ts";

/** Failed requests of clients count against an engine at most once in this time, milliseconds. */
const FAILURE_WINDOW_MS = 1_000;

/**
 * The life of one engine: {@link nextState} with the loop, the calls and the log around it. Validates a pending engine, sweeps a
 * validated one, and looks for itself when others report contact or its failure.
 */
export class EngineLife {
  readonly standing: EngineStanding;
  readonly identity: EngineIdentity;
  readonly #engine: Engine;
  readonly #context: EngineContext;
  readonly #closed: AbortSignal;
  readonly #sleeper = new Sleeper();
  #running: Promise<void> = Promise.resolve();
  /** Lives from one validation to the loss of the engine's identity. */
  #session: EngineFollower | undefined;
  /** By a clock that never jumps, milliseconds. */
  #failedAt = -Infinity;
  readonly #looks: QuietLooks;
  #recovering: Promise<void> | undefined;
  #probing: Promise<void> | undefined;

  constructor(engine: Engine, context: EngineContext, closed: AbortSignal) {
    this.#engine = engine;
    this.#context = context;
    this.#closed = closed;
    this.standing = new EngineStanding(engine, context);
    this.identity = new EngineIdentity(engine);
    this.#looks = new QuietLooks(engine.cache, () => this.#readSpecs("settings"));
  }

  start(): void {
    this.#running = this.#run().catch((error: unknown) => {
      this.standing.log.error({ err: error }, "the life of an engine ended early");
    });
  }

  wake(): void {
    this.#sleeper.wake();
  }

  /** Call after closing. Resolves when nothing of it runs any more. */
  async end(): Promise<void> {
    this.standing.apply({ kind: "removed" });
    this.#endSession();
    await Promise.all([this.#running, this.#recovering, this.#probing]);
  }

  /** The address answers as another engine, or another address took this engine over. */
  loseIdentity(error: string): void {
    if (!this.standing.isMember) return;
    this.standing.apply({ kind: "identity-lost", error });
    this.#endSession();
    this.wake();
  }

  noteSuccess(): void {
    this.standing.touch();
    if (this.standing.state.kind === "unhealthy") void this.#recover();
    else if (this.standing.state.kind === "healthy" && this.standing.state.failures > 0)
      this.standing.apply({ kind: "contact" });
  }

  noteFailure(error: unknown): void {
    if (isCancelled(error) || this.standing.state.kind !== "healthy" || this.#probing !== undefined) return;
    if (performance.now() - this.#failedAt < FAILURE_WINDOW_MS) return;
    this.#failedAt = performance.now();
    // A client's failed request may be the client's bad luck: before an engine is flagged, we look for ourselves.
    if (this.standing.state.failures + 1 < this.#context.settings.failureRetry) this.#contactFailed(error);
    else this.#probing = this.#probe().finally(() => (this.#probing = undefined));
  }

  async #run(): Promise<void> {
    while (!this.#closed.aborted) {
      if (!this.standing.isMember) await this.#validate();
      await this.#sleeper.sleep(this.#pauseMs(), this.#closed);
      if (this.standing.isMember) await this.#sweep();
    }
  }

  #pauseMs(): number {
    const { random, settings } = this.#context;
    const state = this.standing.state;
    if (state.kind === "pending") return validationDelayMs(state.failures, random());
    const isQuiet = this.#isQuiet;
    const delayMs = sweepDelayMs(state, settings, { fraction: random(), watched: isQuiet });
    const beat = beatMs(settings.refreshMaxMs, this.#context.engineCount());
    return isQuiet ? onBeat(delayMs, performance.now(), beat) : delayMs;
  }

  /** Healthy for all we know, and its events are followed. */
  get #isQuiet(): boolean {
    const { state } = this.standing;
    return state.kind === "healthy" && state.failures === 0 && this.#session?.isWatching === true;
  }

  // ── Validation ────────────────────────────────────────────────────────────────────────────────────────────────

  /** Lets the engine in, or says why not. */
  async #validate(): Promise<void> {
    const session = this.#newSession();
    this.#session = session;
    using _turn = await this.#context.validationTurn(session.signal);
    try {
      const { standing, identity } = this;
      const readSpecs = (): Promise<void> => this.#readSpecs();
      await enterCluster(this.#engine, this.#context, { standing, identity, readSpecs, session });
    } catch (error) {
      if (this.standing.isMember || this.#session !== session) return;
      this.#endSession();
      this.standing.touch();
      const text = errorText(error);
      const repeated = this.standing.state.kind === "pending" && this.standing.state.lastError === text;
      this.standing.apply({ kind: "refused", error: text });
      if (!repeated && !this.#closed.aborted)
        this.standing.log.warn({ Addr: this.#engine.addr }, messages.pendingNodeInvalid(text));
    }
  }

  #newSession(): EngineFollower {
    const { client, cache } = this.#engine;
    const context = this.#context;
    const session: EngineFollower = new EngineFollower(client, cache, {
      random: () => context.random(),
      publish: (event) => this.standing.publish(event),
      execCreated: (execId, containerId) => context.execCreated(execId, this.#engine, containerId),
      specsChanged: () => this.#readSpecs(),
      lost: (error) => {
        this.standing.log.error({ error: errorText(error) }, messages.eventStreamBroken);
        this.noteFailure(error);
      },
      restored: () => void this.#reconnected(session),
      clockDeltaMs: () => this.#engine.clockDeltaMs,
    });
    return session;
  }

  /** Nothing that began in the session has an effect any more, and what it held is forgotten. */
  #endSession(): void {
    const { cache, connections } = this.#engine;
    this.#session?.end();
    this.#session = undefined;
    cache.reset();
    connections.cut();
  }

  async #readSpecs(what: "everything" | "settings" = "everything"): Promise<void> {
    if (!(await this.identity.read(this.standing.log, what))) return;
    this.#context.apiChanged();
    this.standing.log = this.#context.log.child({ name: this.#engine.name, id: this.#engine.id });
  }

  // ── Watching a member ─────────────────────────────────────────────────────────────────────────────────────────

  /** One round of the refresh loop: is it there, and did we miss anything? */
  async #sweep(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    if (this.#isQuiet) {
      await this.#look(session);
      return;
    }
    try {
      await this.#engine.client.ping();
    } catch (error) {
      this.#contactFailed(error);
      return;
    }
    if (!this.#isCurrent(session)) return;
    if (this.standing.state.kind === "unhealthy") await this.#recover();
    else await this.#catchUp(session);
  }

  async #look(session: EngineFollower): Promise<void> {
    try {
      await this.#looks.next();
      if (!this.#isCurrent(session)) return;
      this.noteSuccess();
      this.standing.log.debug(messages.engineUpdated);
    } catch (error) {
      this.#sweepFailed(session, error);
    }
  }

  /** A daemon that pings but cannot list hangs all the same, so only the whole of it is a success. */
  async #catchUp(session: EngineFollower): Promise<void> {
    const { cache } = this.#engine;
    try {
      const stale = this.identity.isStale;
      if (stale) await this.#readSpecs();
      if (session.isBehind) await session.resync();
      else await cache.readAll(stale ? "lists" : "changed-containers");
      if (!this.#isCurrent(session)) return;
      this.noteSuccess();
      this.standing.log.debug(messages.engineUpdated);
    } catch (error) {
      this.#sweepFailed(session, error);
    }
  }

  /** The event stream is back: it may be another daemon, or another version of it. */
  async #reconnected(session: EngineFollower): Promise<void> {
    if (this.standing.state.kind === "unhealthy") {
      // A recovery that began before the stream was back may have looked too early.
      const early = this.#recovering;
      await this.#recover();
      if (early === undefined) return;
    }
    try {
      if (!this.#isCurrent(session)) return;
      await this.#readSpecs();
      await session.resync();
      if (this.#isCurrent(session)) this.noteSuccess();
    } catch (error) {
      this.#sweepFailed(session, error);
    }
  }

  #sweepFailed(session: EngineFollower, error: unknown): void {
    if (!this.#isCurrent(session) || isCancelled(error)) return;
    this.standing.log.error(messages.updateSpecsFailed(errorText(error)));
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
    if (session === undefined || this.standing.state.kind !== "unhealthy") return;
    const { failures } = this.standing.state;
    try {
      await this.#readSpecs();
      // First, so that a daemon which joined at another address meanwhile is not counted twice, even for a moment.
      const admitted = this.#context.admit(this.#engine, () => undefined);
      await within("rejoining the cluster", admitted, { signal: session.signal });
      await session.resync();
    } catch (error) {
      if (!this.#isCurrent(session)) return;
      if (error instanceof IdentityChangedError) this.#sweepFailed(session, error);
      else if (error instanceof DuplicateEngineError) this.loseIdentity(error.message);
      else this.standing.apply({ kind: "contact-failed", error: errorText(error) });
      return;
    }
    if (!this.#isCurrent(session)) return;
    this.standing.touch();
    this.standing.apply({ kind: "contact" });
    this.standing.log.info(messages.engineBack(failures));
    session.wake();
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
    this.standing.touch();
    this.#failedAt = performance.now();
    const wasHealthy = this.standing.state.kind === "healthy";
    const state = this.standing.apply({ kind: "contact-failed", error: errorText(error) });
    if (!wasHealthy || state.kind !== "unhealthy") return;
    this.standing.log.error(messages.engineUnhealthy(state.failures));
    // Whoever still waits for a stream of a dead engine would wait for ever.
    this.#engine.connections.cut();
  }

  #isCurrent(session: EngineFollower): boolean {
    return this.#session === session && !session.signal.aborted;
  }
}

const isCancelled = (error: unknown): boolean =>
  error instanceof EngineUnreachableError && error.code === CANCELLED;
