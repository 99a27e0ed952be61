import type { Output } from "../command-world.ts";

/** A line of INFO, as JSON or for people. */
const INFO = /"level":"info"|\bINFO\b/;

/**
 * How far a start is, on stderr: on a terminal one line that is written over, else a line for each step that is done. The log goes through it,
 * so that both can share a terminal.
 */
export class Progress {
  readonly #out: Output;
  #shown = false;
  #starting = true;

  constructor(out: Output) {
    this.#out = out;
  }

  /** What is under way, on terminals only. */
  now(text: string): void {
    if (this.#out.isTTY !== true) return;
    this.#out.write(`\r\u001b[K${text}`);
    this.#shown = true;
  }

  /** A step is done. */
  done(text: string): void {
    this.#clear();
    this.#out.write(`${text}\n`);
  }

  /** The start is over: from now on the log is whole. */
  end(): void {
    this.#clear();
    this.#starting = false;
  }

  /** Takes a line of the log. While nodes join by the hundred, the line of progress stands for what each of them logs. */
  write(line: string): void {
    if (this.#starting && INFO.test(line)) return;
    this.#clear();
    this.#out.write(line);
  }

  #clear(): void {
    if (this.#shown) this.#out.write("\r\u001b[K");
    this.#shown = false;
  }
}
