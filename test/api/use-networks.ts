import type { SimulatedEngine } from "../../bench/fleet/index.ts";
import { startManager, until, type Answer, type ManagerOptions, type TestManager } from "./support.ts";

/** The ID of the network {@link Networks.share} makes. */
export const SHARED_ID = "5".repeat(64);

/** What tests of networks work with; see {@link useNetworks}. */
export interface Networks {
  readonly manager: () => TestManager;
  /** Another manager from here to the end of the test. */
  readonly restart: (options: ManagerOptions) => Promise<void>;
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Answer>;
  /** `POST /networks/create` */
  readonly create: (body: Readonly<Record<string, unknown>>) => Promise<Answer>;
  /** node-1, node-2, node-3 */
  readonly engine: (n: number) => SimulatedEngine;
  /** Names of the engines that have a network of this name. */
  readonly holders: (name: string) => string[];
  /** Names as the manager lists them; without filters those somebody made. */
  readonly listed: (filters?: object) => Promise<string[]>;
  /** Makes a network of scope `global` on all engines, as a cluster store spreads it, called `shared`. */
  readonly share: () => Promise<void>;
}

/** A manager over three engines for each test of a `describe`; call it in its body. */
export function useNetworks(): Networks {
  let running: TestManager | undefined;
  const manager = (): TestManager => {
    if (running === undefined) throw new Error("the manager is up only while tests run");
    return running;
  };
  const stop = async (): Promise<void> => {
    const last = running;
    running = undefined;
    await last?.[Symbol.asyncDispose]();
  };
  beforeEach(async () => {
    running = await startManager();
  });
  afterEach(stop);

  const ask: Networks["ask"] = (method, path, body) =>
    manager().ask(method, `/v1.41${path}`, body === undefined ? {} : { body });
  const listed: Networks["listed"] = async (filters = { type: ["custom"] }) => {
    const answer = await ask("GET", `/networks?filters=${encodeURIComponent(JSON.stringify(filters))}`);
    return (answer.json() as { Name: string }[]).map(({ Name }) => Name);
  };
  return {
    manager,
    restart: async (options) => {
      await stop();
      running = await startManager(options);
    },
    ask,
    create: (body) => ask("POST", "/networks/create", body),
    engine: (n) => {
      const found = manager().engines[n - 1];
      if (found === undefined) throw new Error(`there is no node-${n}`);
      return found;
    },
    holders: (name) =>
      manager()
        .engines.filter(({ state }) => [...state.networks.values()].some((network) => network.name === name))
        .map((each) => each.name),
    listed,
    share: async () => {
      const network = {
        ...{ id: SHARED_ID, name: "shared", driver: "overlay", scope: "global", createdMs: 0 },
        ...{ internal: false, attachable: false, labels: {}, options: {}, ipam: {} },
      };
      for (const { state } of manager().engines) {
        state.networks.set(SHARED_ID, network);
        const attributes = { name: "shared", type: "overlay" };
        state.events.record({ type: "network", action: "create", id: SHARED_ID, attributes });
      }
      const everywhere = async (): Promise<boolean> => {
        for (const { name } of manager().engines) {
          if (!(await listed({ node: [name] })).includes("shared")) return false;
        }
        return true;
      };
      await until(everywhere, "the shared network to be known on every node");
    },
  };
}
