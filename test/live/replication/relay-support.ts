import { openStore } from "../../../src/store/open.ts";
import { eventually } from "../../lab/eventually.ts";
import { startEtcd } from "../../lab/stores/etcd.ts";
import type { Lab } from "../../lab/lab.ts";
import { lab as commonLab } from "../support/fixtures.ts";
import { sweep } from "../support/leftovers.ts";
import { Manager, type ManagerOptions } from "../support/manager.ts";

/** Two managers of one cluster. */
export interface Pair {
  readonly primary: () => Manager;
  readonly replica: () => Manager;
}

/**
 * A primary and a replica over the lab's engines, in etcd, for the tests of one `describe`; both must end with exit code 0.
 * @param options of the first, which leads, and of the second
 * @param lab theirs; default: the one of all tests
 */
export function usePair(
  options: (which: "primary" | "replica") => ManagerOptions | Promise<ManagerOptions>,
  lab: () => Lab = commonLab,
): Pair {
  const managers: Manager[] = [];
  let end = (): Promise<void> => Promise.resolve();
  const at = (index: number) => (): Manager => {
    const manager = managers[index];
    if (manager === undefined) throw new Error("the managers are up only while tests run");
    return manager;
  };
  const [primary, replica] = [at(0), at(1)];
  before(async () => {
    const { server, address } = await startEtcd(lab());
    end = () => server[Symbol.asyncDispose]();
    const discovery = `etcd://${address}/swarm`;
    const writer = await openStore(discovery);
    for (const { addr } of lab().engines) await writer.put(`docker/swarm/nodes/${addr}`, addr);
    await writer.close();
    for (const which of ["primary", "replica"] as const) {
      const { args = [], ...rest } = await options(which);
      const more = [...args, "--replication-ttl", "5s"];
      managers.push(await Manager.start(lab(), { discovery, replicated: true, args: more, ...rest }));
      if (which === "primary")
        await eventually("the first one leads", () => primary().logs.includes("leadership acquired"));
    }
    const follows = `New leader elected: ${primary().address}`;
    await eventually("the second one follows", () => replica().logs.includes(follows));
  });
  afterEach(async () => await sweep(lab(), primary().isRunning ? primary() : replica()));
  after(async () => {
    try {
      for (const manager of managers.reverse()) if (manager.isRunning) await manager.stop();
    } finally {
      await end();
    }
  });
  return { primary, replica };
}
