import { messages } from "../telemetry/messages.ts";
import type { EngineContext } from "./engine-context.ts";
import type { EngineFollower } from "./engine-follower.ts";
import type { EngineIdentity } from "./engine-identity.ts";
import type { EngineStanding } from "./engine-standing.ts";
import type { Engine } from "./engine.ts";
import { within } from "./within.ts";

/** An engine that wants to take part. */
export interface Entrant {
  readonly standing: EngineStanding;
  readonly identity: EngineIdentity;
  /** Asks what it says of itself. */
  readonly readSpecs: () => Promise<void>;
  /** Follows its events from now on. */
  readonly session: EngineFollower;
}

/**
 * The connection sequence (node-lifecycle.md §3.1): asks an engine everything before it takes part. What happens to it meanwhile is in its events,
 * which are followed before its containers are read.
 * @throws whatever keeps it out, of whatever kind: it shows in the Error row
 */
export async function enterCluster(engine: Engine, context: EngineContext, entrant: Entrant): Promise<void> {
  const { standing, identity, readSpecs, session } = entrant;
  await identity.resolve(session.signal);
  await readSpecs();
  await session.start(identity.systemTimeMs, (error) =>
    standing.log.error({ err: error }, "event monitor failed"),
  );
  await engine.cache.readAll("everything");
  // In the same turn as the decision to admit it.
  const join = (): void => {
    if (session.signal.aborted) throw new Error("removed while connecting");
    standing.touch();
    engine.cache.inventory.attach(context.index);
    standing.apply({ kind: "validated" });
    standing.log.info(messages.registeredEngine(engine.name, engine.addr));
  };
  await within("joining the cluster", context.admit(engine, join), { signal: session.signal });
}
