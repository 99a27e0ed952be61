/** One line a container printed, with its newline if it had one. */
export interface LogEntry {
  readonly stream: 1 | 2;
  readonly timeMs: number;
  readonly line: Buffer;
}

/** Kept per container; older lines are dropped beyond this. */
const KEPT_BYTES = 4 << 20;
const NEWLINE = 10;

/** A container's log, cut into lines as the json-file driver does. */
export class LogBuffer {
  readonly entries: LogEntry[] = [];
  /** Called with each new line; with undefined when the container has ended. */
  readonly followers = new Set<(entry: LogEntry | undefined) => void>();
  #bytes = 0;
  readonly #partial = new Map<1 | 2, Buffer>();

  append(stream: 1 | 2, data: Buffer, timeMs: number): void {
    let rest = Buffer.concat([this.#partial.get(stream) ?? Buffer.alloc(0), data]);
    for (let at = rest.indexOf(NEWLINE); at >= 0; at = rest.indexOf(NEWLINE)) {
      this.#add({ stream, timeMs, line: rest.subarray(0, at + 1) });
      rest = rest.subarray(at + 1);
    }
    this.#partial.set(stream, rest);
  }

  /** The container has ended: what has no newline is a line too, and followers leave. */
  close(timeMs: number): void {
    for (const [stream, line] of this.#partial) if (line.length > 0) this.#add({ stream, timeMs, line });
    this.#partial.clear();
    for (const follower of [...this.followers]) follower(undefined);
    this.followers.clear();
  }

  #add(entry: LogEntry): void {
    this.entries.push(entry);
    this.#bytes += entry.line.length;
    while (this.#bytes > KEPT_BYTES && this.entries.length > 1)
      this.#bytes -= this.entries.shift()?.line.length ?? 0;
    for (const follower of [...this.followers]) follower(entry);
  }
}
