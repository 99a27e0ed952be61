import type { Engine } from "./engine.ts";

/** Exec IDs remembered; beyond that the oldest are asked for again. Health checks make one every few seconds each. */
const MAX_EXECS = 20_000;

/** Which engine an exec ID belongs to, for those seen in events or made through this manager. */
export class ExecIndex {
  readonly #owners = new Map<string, { engine: Engine; containerId: string }>();

  add(execId: string, engine: Engine, containerId: string): void {
    this.#owners.delete(execId);
    this.#owners.set(execId, { engine, containerId });
    for (const oldest of this.#owners.keys()) {
      if (this.#owners.size <= MAX_EXECS) break;
      this.#owners.delete(oldest);
    }
  }

  get(execId: string): { readonly engine: Engine; readonly containerId: string } | undefined {
    return this.#owners.get(execId);
  }

  forgetEngine(engine: Engine): void {
    for (const [id, owner] of this.#owners) if (owner.engine === engine) this.#owners.delete(id);
  }
}
