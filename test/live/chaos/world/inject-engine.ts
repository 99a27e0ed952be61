import type { LabEngine } from "../../../lab/engine.ts";
import { nothingToUndo } from "./injector.ts";
import type { Injector, KindOf, Undo } from "./injector.ts";
import type { World } from "./world.ts";

const onEngine =
  (act: (engine: LabEngine, world: World) => Promise<Undo>): Injector =>
  async (world, { target }) =>
    await act(world.lab.engine(target), world);

const losing = (direction: "incoming" | "outgoing"): Injector =>
  onEngine(async (engine) => {
    await engine.drop(direction);
    return () => engine.pass(direction);
  });

export const engineFaults: Readonly<Record<KindOf<"engine">, Injector>> = {
  "engine-kill": onEngine(async (engine) => {
    await engine.kill();
    return () => engine.start();
  }),
  "engine-stop": onEngine(async (engine) => {
    await engine.stop();
    return () => engine.start();
  }),
  "engine-restart": onEngine(async (engine) => {
    await engine.restart();
    return nothingToUndo;
  }),
  "engine-pause": onEngine((engine) => {
    engine.pause();
    return Promise.resolve(() => {
      engine.unpause();
      return Promise.resolve();
    });
  }),
  "engine-freeze": onEngine((engine) => {
    engine.freeze();
    return Promise.resolve(() => {
      engine.thaw();
      return Promise.resolve();
    });
  }),
  "engine-power": onEngine(async (engine, world) => {
    await engine.cutPower();
    return async () => {
      await engine.start();
      await world.startAgent(engine);
    };
  }),
  "engine-partition": onEngine(async (engine) => {
    await engine.partition();
    return () => engine.heal();
  }),
  "engine-refuse": onEngine(async (engine) => {
    await engine.refuse();
    return () => engine.accept();
  }),
  "engine-deaf": losing("incoming"),
  "engine-mute": losing("outgoing"),
};
