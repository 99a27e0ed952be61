import type { Outcome } from "./types.ts";

/** What the user of the demo sees. */
export class Screen {
  readonly #color: boolean;
  #step = 0;

  constructor(color: boolean) {
    this.#color = color;
  }

  /** Something goes on. */
  progress(text: string): void {
    console.log(this.#paint("2", `… ${text}`));
  }

  step(title: string): void {
    this.#step++;
    console.log(`\n${this.#paint("1;36", `${this.#step}. ${title}`)}`);
  }

  note(text: string): void {
    console.log(`   ${text}`);
  }

  /** A claim that held. */
  proof(text: string): void {
    console.log(`   ${this.#paint("32", "✔")} ${text}`);
  }

  command(host: string, args: readonly string[]): void {
    const typed = args.map((arg) => (/^[\w.,:=!/@-]+$/.test(arg) ? arg : `'${arg}'`)).join(" ");
    console.log(`\n${this.#paint("1", `$ docker -H ${host} ${typed}`)}`);
  }

  output({ stdout, stderr }: Outcome): void {
    const text = (stdout + stderr).trimEnd();
    if (text !== "") console.log(text);
  }

  #paint(code: string, text: string): string {
    return this.#color ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}
