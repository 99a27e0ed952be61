import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openDiscoveryService, type DiscoveryService } from "../../src/discovery-service/service.ts";
import type { Clock, ServiceConfig } from "../../src/discovery-service/types.ts";
import { createLogger, type Logger } from "../../src/telemetry/logger.ts";

/** Time that stands still until it is moved. */
export class FakeClock implements Clock {
  #now = 0;
  #timers: { readonly at: number; readonly call: () => void }[] = [];
  /** The calendar when the clock began. */
  readonly begin = Date.UTC(2026, 10, 21);

  readonly elapsedMs = (): number => this.#now;
  readonly dateMs = (): number => this.begin + this.#now;
  readonly after = (ms: number, call: () => void): (() => void) => {
    const timer = { at: this.#now + ms, call };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  };

  /** How many callbacks are due some time. */
  get waiting(): number {
    return this.#timers.length;
  }

  /** Lets time pass, and whatever is due happen at its time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#now = next.at;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.call();
    }
    this.#now = end;
  }
}

/** Log lines, as `level message {fields}`. */
export function recordLog(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const write = (line: string): void => {
    const { level, msg, time: _time, ...fields } = JSON.parse(line) as Record<string, unknown>;
    lines.push(`${String(level)} ${String(msg)} ${JSON.stringify(fields)}`);
  };
  return { log: createLogger({ level: "debug", tty: false, stream: { write } }), lines };
}

/** What a test wants to be different. */
export type Wishes = Partial<Omit<ServiceConfig, "limits" | "rates">> & {
  readonly limits?: Partial<ServiceConfig["limits"]>;
  readonly rates?: Partial<ServiceConfig["rates"]>;
};

/** A service on a free port of this machine; closing it leaves the folder to the next one. */
export interface Bench extends AsyncDisposable {
  readonly service: DiscoveryService;
  readonly clock: FakeClock;
  readonly logged: readonly string[];
  readonly url: string;
  /** A request to the service: `status body`. */
  ask(method: string, path: string, body?: string, headers?: Record<string, string>): Promise<Response>;
  /** Its status and body in one text. */
  tell(method: string, path: string, body?: string): Promise<string>;
  create(): Promise<string>;
}

export async function openBench(dataDir: string, wishes: Wishes = {}): Promise<Bench> {
  const clock = new FakeClock();
  const { log, lines } = recordLog();
  const { limits, rates, ...rest } = wishes;
  const config: ServiceConfig = {
    hosts: [{ host: "127.0.0.1", port: 0, addr: "127.0.0.1:0" }],
    dataDir,
    tls: undefined,
    limits: {
      maxClusters: 10,
      maxEntries: 10,
      maxTotalEntries: 15,
      maxTtlSeconds: 3600,
      keepEmptyMs: 86_400_000,
      ...limits,
    },
    rates: { create: 0, register: 0, read: 0, ...rates },
    trustedProxies: 0,
    maxConnections: 100,
    ...rest,
  };
  const service = await openDiscoveryService(config, { log, clock, stderr: (line) => lines.push(line) });
  const url = `http://127.0.0.1:${service.ports[0]!}`;
  const ask: Bench["ask"] = (method, where, body, headers) =>
    fetch(url + where, {
      method,
      ...(body !== undefined && { body }),
      ...(headers && { headers }),
      signal: AbortSignal.timeout(5000),
    });
  const tell: Bench["tell"] = async (method, where, body) => {
    const answer = await ask(method, where, body);
    return `${answer.status} ${await answer.text()}`;
  };
  return {
    service,
    clock,
    logged: lines,
    url,
    ask,
    tell,
    create: async () => (await ask("POST", "/clusters")).text(),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** A folder of its own for each test of a `describe`. */
export function useFolder(): () => string {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "swarm-token-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  return () => folder;
}
