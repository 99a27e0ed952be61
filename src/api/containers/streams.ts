import { ownedContainer, forwardTo } from "../owner.ts";
import type { Exchange } from "../exchange.ts";
import type { MovableExchange } from "../../proxy/forward.ts";
import type { Services } from "../services.ts";
import type { OpenStream } from "./open-streams.ts";
import { takeConnection } from "../take-connection.ts";

/** `POST …/attach`, `GET …/attach/ws`: the connection becomes the container's terminal. */
export async function attach(
  services: Services,
  exchange: Exchange,
  tail: "/attach" | "/attach/ws",
): Promise<void> {
  const { cluster, streams } = services;
  const record = ownedContainer(cluster, exchange.param("name"));
  const path = (id: string): string => `/containers/${id}${tail}${exchange.rawQuery}`;
  let forget = (): void => undefined;
  try {
    await takeConnection(exchange, record.engine, path(record.id), {
      onEstablished: (splice) => {
        if (record.inspect.State.Status !== "created") return;
        forget = streams.add(record.id, openStream(splice, exchange, path));
      },
    });
  } finally {
    forget();
  }
}

/**
 * `POST …/wait`: the headers come at once, the body when the container has ended (api.md §7.6). When the engine is lost before that, the
 * body says so instead of breaking off.
 */
export async function wait(services: Services, exchange: Exchange): Promise<void> {
  const { cluster, streams } = services;
  const record = ownedContainer(cluster, exchange.param("name"));
  const path = (id: string): string => `/containers/${id}/wait${exchange.rawQuery}`;
  let forget = (): void => undefined;
  try {
    await forwardTo(exchange, cluster, record.engine, path(record.id), {
      onMovable: (movable) => {
        forget = streams.add(record.id, openStream(movable, exchange, path));
      },
      lastWords: (error) => `${JSON.stringify({ StatusCode: -1, Error: { Message: error.message } })}\n`,
      holdEnd: () => record.engine.cache.refreshContainer(record.id),
    });
  } finally {
    forget();
  }
}

/** What a splice and a waiting exchange have in common, in terms of container IDs. */
const openStream = (
  stream: MovableExchange,
  { clientVersion }: Exchange,
  path: (id: string) => string,
): OpenStream => ({
  moveTo: (target, id) => stream.retarget(target, target.versionedPath(clientVersion, path(id))),
  hold: () => stream.hold(),
  release: () => stream.release(),
});
