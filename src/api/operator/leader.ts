import type { ManagerRole } from "../../replication/manager-role.ts";
import { sendJson, type Exchange } from "../exchange.ts";
import type { Services } from "../services.ts";
import { secondsTimestamp } from "../views/timestamp.ts";

/** `GET /cluster/leader`: who leads as this manager knows it; 503 with the same body while nobody does. Never waits for anyone. */
export function leader({ role }: Pick<Services, "role">, { res }: Exchange): void {
  const body = leaderBody(role, Date.now());
  sendJson(res, body.Role === "primary" || body.Primary !== "" ? 200 : 503, body);
}

export function leaderBody(manager: ManagerRole, nowMs: number) {
  const { leadership, replicated, role, primary, self, ttlMs, peers, error } = manager;
  const { term } = leadership;
  return {
    Role: role,
    Replicated: replicated,
    Self: self,
    Primary: primary,
    Term:
      term?.held() === true
        ? {
            Number: term.number,
            Since: secondsTimestamp(term.sinceMs),
            AgeSeconds: Math.max(0, Math.round((nowMs - term.sinceMs) / 100) / 10),
            TtlSeconds: ttlMs / 1_000,
          }
        : null,
    Peers: peers.map((peer) => ({
      Address: peer.address,
      Role: peer.role,
      Version: peer.version,
      StartedAt: secondsTimestamp(peer.startedMs),
      Self: peer.self,
    })),
    Error: error,
  };
}
