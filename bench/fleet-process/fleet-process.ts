import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { FleetCalls, FleetEngine, FleetMessage, FleetPlan, FleetRequest } from "./protocol.ts";

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** By itself V8 keeps little room for what is soon garbage, and tidies it all the time, on the cores that a benchmark measures. */
const ROOM_FOR_SHORT_LIVED = ["--min-semi-space-size=64", "--max-semi-space-size=64"];

/** Every call of the fleet, answered by another process. */
type RemoteFleet = {
  readonly [Name in keyof FleetCalls]: (
    ...args: Parameters<FleetCalls[Name]>
  ) => Promise<ReturnType<FleetCalls[Name]>>;
};

/**
 * A fleet of simulated engines in a process of its own, so that what they cost is not what is measured. The one who starts it disposes
 * of it; it also ends when the starter does.
 */
export class FleetProcess implements AsyncDisposable {
  readonly engines: readonly FleetEngine[];
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  /** `await fleet.ask.kill([3])` */
  readonly ask: RemoteFleet = new Proxy({} as RemoteFleet, {
    get:
      (_target, call) =>
      (...args: readonly unknown[]) =>
        this.#call({ number: ++this.#calls, call: call as keyof FleetCalls, args }),
  });

  private constructor(child: ChildProcess, engines: readonly FleetEngine[]) {
    this.#child = child;
    this.engines = engines;
    this.pid = child.pid ?? 0;
    child.on("message", (message: FleetMessage) => this.#answered(message));
    child.once("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the fleet's process has ended"));
      this.#waiting.clear();
    });
  }

  /** @throws {Error} when an address of the fleet is in use, or anything else keeps it from standing */
  static async start(plan: FleetPlan): Promise<FleetProcess> {
    const extension = path.extname(import.meta.filename);
    const file = path.join(import.meta.dirname, `child${extension}`);
    // From sources the child needs what we run with: a loader of TypeScript.
    const execArgv = [...ROOM_FOR_SHORT_LIVED, ...(extension === ".ts" ? ["--import", "tsx"] : [])];
    const child = fork(file, [JSON.stringify(plan)], { execArgv, serialization: "advanced" });
    const ended = once(child, "exit").then(() => ({ failed: "it ended before it stood" }));
    const [message] = (await Promise.race([once(child, "message"), ended.then((end) => [end])])) as [
      FleetMessage,
    ];
    if ("engines" in message) return new FleetProcess(child, message.engines);
    child.kill("SIGKILL");
    throw new Error(`the fleet did not start: ${"failed" in message ? message.failed : "no answer"}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  #call(request: FleetRequest): Promise<never> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.number, { resolve, reject });
      this.#child.send(request, (error) => {
        if (error && this.#waiting.delete(request.number)) reject(error);
      });
    });
  }

  #answered(message: FleetMessage): void {
    if (!("number" in message)) return;
    const waiting = this.#waiting.get(message.number);
    this.#waiting.delete(message.number);
    if ("error" in message) waiting?.reject(new Error(message.error));
    else waiting?.resolve(message.result as never);
  }
}
