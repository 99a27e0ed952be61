import { expect } from "chai";
import type { LabEngine } from "../../lab/engine.ts";
import { eventually } from "../../lab/eventually.ts";
import type { Lab } from "../../lab/lab.ts";
import type { Manager } from "./manager.ts";

/** Removes every container from every engine, past the manager, and waits until the manager has noticed. */
export async function sweep(lab: Lab, manager: Manager): Promise<void> {
  await Promise.all(lab.engines.map(removeAll));
  await eventually("the manager lists no container", async () => {
    const { body } = await manager.get("/containers/json?all=1");
    return (JSON.parse(body) as readonly unknown[]).length === 0;
  });
}

async function removeAll(engine: LabEngine): Promise<void> {
  const { body } = await engine.api("GET", "/containers/json?all=1");
  const remove = async ({ Id }: { Id: string }) => {
    const { status } = await engine.api("DELETE", `/containers/${Id}?force=1&v=1`);
    expect(status).to.be.oneOf([204, 404, 409]); // one with `--rm` may go by itself meanwhile
  };
  await Promise.all((JSON.parse(body) as { Id: string }[]).map(remove));
}
