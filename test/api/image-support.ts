import { silence, startManager, type ManagerOptions, type TestManager } from "./support.ts";
import type { SimulatedEngine } from "../../bench/fleet/index.ts";

export interface Image {
  readonly Id: string;
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  readonly Containers: number;
  readonly SharedSize: number;
}

/** Nodes that stay what they are however often they fail. */
export const steadfast = { engine: { refreshMinMs: 30_000, refreshMaxMs: 60_000, failureRetry: 1_000 } };

export const tagsOf = (engine: SimulatedEngine): readonly string[] =>
  [...engine.state.images.values()].flatMap(({ tags }) => tags).sort();

export const listed = async ({ ask }: TestManager, query = ""): Promise<readonly Image[]> =>
  (await ask("GET", `/images/json${query}`)).json() as readonly Image[];

/** Call it in the body of a `describe`: each test may start managers, which end with it. */
export function useManagers(): {
  readonly start: (options?: ManagerOptions) => Promise<TestManager>;
  /** Three nodes with busybox, of which no event is heard: what the manager knows after a request, the request has told it. */
  readonly startSilent: () => Promise<TestManager>;
} {
  const running: TestManager[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((manager) => manager[Symbol.asyncDispose]()));
  });
  const start = async (options: ManagerOptions = {}): Promise<TestManager> => {
    const manager = await startManager(options);
    running.push(manager);
    return manager;
  };
  return {
    start,
    startSilent: async () => {
      const manager = await start({ config: steadfast });
      manager.engines.forEach(silence);
      return manager;
    },
  };
}
