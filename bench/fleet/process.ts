import type { Program, ProgramWorld } from "./programs.ts";

/** What a process reads. A writer is told to pause when it runs ahead of the reader. */
export class StdinQueue {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  #waiting: (() => void) | undefined;
  #drained: (() => void)[] = [];

  /** False: wait for `onDrain` before sending more. */
  push(chunk: Buffer): boolean {
    if (this.#ended) return true;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#waiting?.();
    return this.#bytes < 1 << 20;
  }

  onDrain(resume: () => void): void {
    this.#drained.push(resume);
  }

  end(): void {
    this.#ended = true;
    this.#waiting?.();
  }

  /** The next chunk; undefined at the end of input. */
  async read(): Promise<Buffer | undefined> {
    while (this.#chunks.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => (this.#waiting = resolve));
      this.#waiting = undefined;
    }
    const chunk = this.#chunks.shift();
    this.#bytes -= chunk?.length ?? 0;
    if (this.#chunks.length === 0) for (const resume of this.#drained.splice(0)) resume();
    return chunk;
  }
}

/** Signals by name and number, as `docker kill -s` takes them. */
const SIGNALS: Readonly<Record<string, number>> = {
  ...{ HUP: 1, INT: 2, QUIT: 3, ABRT: 6, KILL: 9, USR1: 10, USR2: 12, PIPE: 13, ALRM: 14, TERM: 15 },
  ...{ CHLD: 17, CONT: 18, STOP: 19, TSTP: 20, WINCH: 28 },
};

/** `SIGTERM`, `term`, `15` as a number; undefined when there is no such signal. */
export function parseSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) > 0 && Number(text) < 65 ? Number(text) : undefined;
  return SIGNALS[text.toUpperCase().replace(/^SIG/, "")];
}

const ENDING_SIGNALS: ReadonlySet<number> = new Set([1, 2, 3, 6, 9, 15]);

/** What a process needs from the one who starts it. */
export interface ProcessHost {
  readonly world: Omit<ProgramWorld, "alive" | "sleep">;
  readonly stdin: StdinQueue;
  /** `stream` is 1 (stdout) or 2 (stderr). A promise makes the process wait. */
  readonly output: (stream: 1 | 2, data: Buffer) => Promise<void> | undefined;
  readonly exited: (code: number) => void;
  /** One-shot timer; returns its cancel function. */
  readonly after: (ms: number, wake: () => void) => () => void;
}

/**
 * A running program of the tiny interpreter. A terminating signal ends it at once with 128 + signal; a real `sleep` as pid 1
 * would ignore SIGTERM and make every stop last its whole grace period.
 */
export class Process {
  readonly stdin: StdinQueue;
  readonly #host: ProcessHost;
  #alive = true;
  #cancelSleep: (() => void) | undefined;

  constructor(program: Program, argv: readonly string[], host: ProcessHost) {
    this.#host = host;
    this.stdin = host.stdin;
    const isAlive = (): boolean => this.#alive;
    const world: ProgramWorld = {
      ...host.world,
      get alive() {
        return isAlive();
      },
      sleep: (ms) => new Promise((resolve) => (this.#cancelSleep = host.after(ms, resolve))),
    };
    const io = {
      stdin: host.stdin,
      write: async (stream: 1 | 2, data: string | Buffer) => {
        if (this.#alive && data.length > 0)
          await host.output(stream, typeof data === "string" ? Buffer.from(data) : data);
      },
    };
    // A process that prints and ends does so after the answer to its start has left.
    setImmediate(() => {
      if (this.#alive) void program(argv, io, world).then((code) => this.#end(code));
    });
  }

  /** Delivers a signal; says whether it ended the process. */
  signal(number: number): boolean {
    if (!ENDING_SIGNALS.has(number)) return false;
    this.#end(128 + number);
    return true;
  }

  /** Ends it without telling anyone. */
  discard(): void {
    this.#alive = false;
    this.#cancelSleep?.();
  }

  #end(code: number): void {
    if (!this.#alive) return;
    this.discard();
    this.#host.exited(code);
  }
}
