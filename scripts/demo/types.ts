/** Where the demo's engines come from. */
export type EngineKind = "real" | "local" | "simulated";

export function isEngineKind(text: string): text is EngineKind {
  return text === "real" || text === "local" || text === "simulated";
}

/** The engines a tour runs on. */
export interface DemoEngines extends AsyncDisposable {
  readonly kind: EngineKind;
  /** What they are, one line, honest about what is not real. */
  readonly description: string;
  readonly addresses: readonly string[];
  /** Makes one engine vanish, and says how in one line. */
  fail(index: number): Promise<string>;
  /** Brings it back. */
  restore(index: number): Promise<void>;
}

/** What a command printed and how it ended. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Whatever speaks the Docker API to the manager: the docker CLI, or a few lines of HTTP. */
export interface DockerClient {
  /** Why it is not the docker CLI, if it is not. */
  readonly note?: string;
  run(args: readonly string[]): Promise<Outcome>;
}
