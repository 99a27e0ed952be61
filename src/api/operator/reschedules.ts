import { notFound } from "../../errors.ts";
import type { PendingMove } from "../../reschedule/ports.ts";
import { sendJson, sendStatus, type Exchange } from "../exchange.ts";
import type { Services } from "../services.ts";
import { secondsTimestamp } from "../views/timestamp.ts";

/** `GET /cluster/reschedules`: what is being moved or waits for it, oldest first. */
export function listReschedules({ moves }: Pick<Services, "moves">, { res }: Exchange): void {
  sendJson(res, 200, moves.pending().map(moveBody));
}

/** `POST /cluster/reschedules/{id}/retry` @throws ApiError 404 when nothing of that name waits */
export function retryReschedule({ moves }: Pick<Services, "moves">, exchange: Exchange): void {
  const reference = exchange.param("id");
  if (!moves.retry(reference)) throw notFound(`No such reschedule: ${reference}`);
  exchange.audit?.note({ container: reference });
  sendStatus(exchange.res, 204);
}

const moveBody = (move: PendingMove): Readonly<Record<string, unknown>> => ({
  SwarmID: move.swarmId,
  Name: move.name,
  ContainerID: move.containerId,
  From: move.from,
  Reason: move.reason,
  State: move.state,
  Since: secondsTimestamp(move.sinceMs),
  Attempts: move.attempts,
  LastError: move.lastError,
  NextTry: move.nextTryMs === undefined ? null : secondsTimestamp(move.nextTryMs),
});
