import { request } from "node:http";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabEngine } from "../../../lab/engine.ts";
import type { ContainerEvent, KeySample, RoleSample, VolumeEvent } from "../invariants/observations.ts";
import { TOKEN_LABEL } from "../clients/history.ts";
import type { World } from "./world.ts";

interface EngineEvent {
  readonly Type: string;
  readonly Action: string;
  readonly timeNano: number;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

/** Watches the engines, past all managers and all network faults, and the managers and their store, for as long as it is open. */
export class Observer implements AsyncDisposable {
  readonly containers: ContainerEvent[] = [];
  readonly volumes: VolumeEvent[] = [];
  readonly key: KeySample[] = [];
  readonly roles: RoleSample[] = [];
  readonly #stop = new AbortController();
  readonly #loops: Promise<unknown>;
  readonly #seen = new Set<string>();

  constructor(world: World) {
    const { signal } = this.#stop;
    const { store, managers, lab } = world;
    const holders = new Map(managers.map(({ address, name }) => [address, name]));
    this.#loops = Promise.all([
      ...lab.engines.map((engine) => this.#follow(engine)),
      ...(store === undefined
        ? []
        : [
            every(100, signal, async () => {
              const sample = await store.holder();
              const { found } = sample;
              if (found === undefined || found === "nobody") this.key.push(sample);
              else
                this.key.push({
                  ...sample,
                  found: { ...found, holder: holders.get(found.holder) ?? found.holder },
                });
            }),
            ...managers.map((manager) =>
              every(250, signal, async () => {
                const askedMs = Date.now();
                const answer = (await manager.get("/cluster/leader", 1000)) as LeaderAnswer | undefined;
                if (answer === undefined) return;
                const term = answer.Role === "primary" ? answer.Term?.Number : undefined;
                this.roles.push({ manager: manager.name, askedMs, answeredMs: Date.now(), term });
              }),
            ),
          ]),
    ]);
  }

  /** Forgets who led, and events of containers that are gone for certain. */
  forget(tokens: ReadonlySet<string>): void {
    this.key.splice(0, Math.max(0, this.key.length - 50));
    this.roles.splice(0);
    const kept = this.containers.filter(({ token }) => !tokens.has(token));
    this.containers.splice(0, this.containers.length, ...kept);
  }

  /** Reads an engine's events; goes on after the last one when it ends. */
  async #follow(engine: LabEngine): Promise<void> {
    const { signal } = this.#stop;
    let since = (Date.now() / 1000).toFixed(3);
    while (!signal.aborted) {
      await readLines(engine, `/events?since=${since}`, signal, (line) => {
        const event = JSON.parse(line) as EngineEvent;
        since = (Math.floor(event.timeNano / 1e9) - 1).toFixed(0);
        this.#note(engine.name, event);
      });
      await sleep(200, undefined, { signal }).catch(() => undefined);
    }
  }

  #note(engine: string, { Type, Action, timeNano, Actor }: EngineEvent): void {
    const key = `${engine} ${String(timeNano)} ${Action} ${Actor.ID}`;
    if (this.#seen.has(key)) return; // told again after an interruption
    this.#seen.add(key);
    const atMs = timeNano / 1e6;
    if (Type === "volume" && (Action === "create" || Action === "destroy")) {
      this.volumes.push({ atMs, engine, action: Action, name: Actor.ID });
    }
    const token = Actor.Attributes[TOKEN_LABEL];
    if (Type !== "container" || token === undefined) return;
    if (Action !== "create" && Action !== "start" && Action !== "die" && Action !== "destroy") return;
    this.containers.push({
      atMs,
      engine,
      action: Action,
      id: Actor.ID,
      name: Actor.Attributes.name ?? "",
      token,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loops;
  }
}

interface LeaderAnswer {
  readonly Role: string;
  readonly Term: { readonly Number: number } | null;
}

async function every(ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work();
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  }
}

/** Reads an answer that has no end, line by line, until it ends nevertheless. Never rejects. */
async function readLines(
  engine: LabEngine,
  apiPath: string,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const socketPath = path.join(engine.host.folder, "docker.sock");
    const call = request({ socketPath, path: apiPath, signal }, (answer) => {
      answer.on("error", () => resolve());
      answer.on("close", () => resolve());
      const lines = createInterface({ input: answer }).on("line", (line) => line !== "" && onLine(line));
      lines.on("error", () => resolve());
    });
    call.on("error", () => resolve());
    call.end();
  });
}
