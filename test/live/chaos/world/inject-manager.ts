import type { ChaosManager, Loss } from "./chaos-manager.ts";
import { hostIndex } from "./host.ts";
import type { Injector, KindOf, Undo } from "./injector.ts";
import { diskOf } from "./world.ts";
import type { World } from "./world.ts";

const onManager =
  (act: (manager: ChaosManager, world: World) => Promise<Undo>): Injector =>
  async (world, { target }) =>
    await act(world.manager(target), world);

/** Loses packets between a manager and somebody. */
export async function lose(manager: ChaosManager, losses: readonly Loss[]): Promise<Undo> {
  await manager.lose(losses);
  return () => manager.deliver(losses);
}

const losingEngine =
  (...directions: readonly Loss["direction"][]): Injector =>
  async (world, { target, peer = "" }) => {
    const { ip } = world.lab.engine(peer);
    return await lose(
      world.manager(target),
      directions.map((direction) => ({ direction, ip })),
    );
  };

export const managerFaults: Readonly<Record<KindOf<"manager" | "link" | "clock" | "state">, Injector>> = {
  "manager-kill": onManager(async (manager) => {
    await manager.kill();
    return () => manager.start();
  }),
  "manager-restart": onManager(async (manager) => {
    await manager.terminate();
    return () => manager.start();
  }),
  "manager-stall": onManager((manager) => {
    manager.stall();
    return Promise.resolve(() => {
      manager.resume();
      return Promise.resolve();
    });
  }),
  "manager-partition": onManager(async (manager, { lab, managers }) => {
    const index = hostIndex(managers.indexOf(manager));
    await lab.network.setPlugged(index, false);
    return () => lab.network.setPlugged(index, true);
  }),
  "manager-clock": (world, { target, amount = 0 }) => {
    const manager = world.manager(target);
    manager.skew(amount);
    return Promise.resolve(() => {
      manager.skew(0);
      return Promise.resolve();
    });
  },
  "link-cut": losingEngine("to", "from"),
  "link-one-way": losingEngine("from"),
  "state-full": onManager(async ({ host }) => {
    const filler = `${diskOf(host.folder)}/filler`;
    await host.exec("sh", "-c", `dd if=/dev/zero of=${filler} bs=4k 2>/dev/null; true`);
    return () => host.exec("rm", "-f", filler);
  }),
};
