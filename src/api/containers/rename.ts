import { EngineUnreachableError } from "../../docker/engine-client.ts";
import { conflict } from "../../errors.ts";
import { sendStatus, type Exchange } from "../exchange.ts";
import { parameters } from "../form.ts";
import { ownedContainer } from "../owner.ts";
import type { Services } from "../services.ts";
import { mustBeFree } from "./container-names.ts";

/** `POST …/rename`: the new name must be free in the whole cluster, and stays reserved until the engine has it (api.md §7.5). */
export async function rename(services: Services, exchange: Exchange): Promise<void> {
  const { cluster, intents, wishes } = services;
  const record = ownedContainer(cluster, exchange.param("name"));
  const { engine, id } = record;
  const { query } = await parameters(exchange);
  const name = (query.get("name") ?? "").replace(/^\//, "");
  await services.absent.known();
  mustBeFree(services, name, record);
  if (await wishes.isUnfinished(record))
    throw conflict(`container ${record.names[0] ?? id} is being moved to node ${engine.name}: try again`);
  const release = name === "" ? () => undefined : cluster.holdName(name);
  try {
    const path = `/containers/${id}/rename?name=${encodeURIComponent(name)}`;
    await engine.client.send("POST", engine.versionedPath(exchange.clientVersion, path));
    engine.noteSuccess();
    intents.delete(id);
    await engine.cache.refreshContainer(id);
  } catch (error) {
    if (error instanceof EngineUnreachableError) engine.noteFailure(error);
    throw error;
  } finally {
    release();
  }
  sendStatus(exchange.res, 204);
}
