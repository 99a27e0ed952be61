import { lose } from "./inject-manager.ts";
import type { Loss } from "./chaos-manager.ts";
import { nothingToUndo } from "./injector.ts";
import type { Injector, KindOf, Undo } from "./injector.ts";
import type { StoreSide } from "./store-side.ts";
import type { World } from "./world.ts";

function storeOf({ store }: World): StoreSide {
  if (store === undefined) throw new Error("this world has no store");
  return store;
}

const onServer =
  (act: (server: StoreSide["members"][number]["server"]) => Promise<Undo>): Injector =>
  async (world, { target }) =>
    await act(storeOf(world).member(target).server);

const losingStore =
  (...directions: readonly Loss["direction"][]): Injector =>
  async (world, { target }) => {
    const ports = world.linksOf(target).map(({ port }) => port);
    const ip = world.lab.network.gateway;
    return await lose(
      world.manager(target),
      directions.map((direction) => ({ direction, ip, ports })),
    );
  };

export const storeFaults: Readonly<Record<KindOf<"store">, Injector>> = {
  "store-kill": onServer(async (server) => {
    await server.kill();
    return () => server.restart();
  }),
  "store-restart": onServer(async (server) => {
    await server.restart();
    return nothingToUndo;
  }),
  "store-freeze": onServer((server) => {
    server.freeze();
    return Promise.resolve(() => {
      server.thaw();
      return Promise.resolve();
    });
  }),
  "store-down": async (world) => {
    const servers = storeOf(world).members.map(({ server }) => server);
    await Promise.all(servers.map((server) => server.kill()));
    return () => Promise.all(servers.map((server) => server.restart()));
  },
  "store-slow": (world, { target, amount = 0 }) => {
    const links = world.linksOf(target);
    for (const link of links) link.delayMs = amount;
    return Promise.resolve(() => {
      for (const link of links) link.delayMs = 0;
      return Promise.resolve();
    });
  },
  "store-cut": losingStore("to", "from"),
  "store-deaf": losingStore("to"),
  "store-mute": losingStore("from"),
};
