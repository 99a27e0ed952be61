/** An answer is kept this long after it was last given, milliseconds. */
const IDLE_MS = 60_000;
/** Answers of one kind that are kept, for clients of different versions and wishes. */
const MAX_KEPT = 4;

interface KeptAnswer {
  readonly sources: readonly unknown[];
  readonly json: string;
  readonly idle: NodeJS.Timeout;
}

/** Answers of one kind, by cluster and question, kept for as long as what they were made of is the same. */
export class KeptAnswers {
  readonly #kept = new WeakMap<object, Map<string, KeptAnswer>>();

  /**
   * @param about the cluster
   * @param sources everything the answer depends on, in parts that are never changed but replaced
   * @param make JSON
   */
  of(about: object, question: string, sources: readonly unknown[], make: () => string): string {
    let answers = this.#kept.get(about);
    if (answers === undefined) this.#kept.set(about, (answers = new Map<string, KeptAnswer>()));
    const known = answers.get(question);
    if (known !== undefined && isSame(known.sources, sources)) {
      known.idle.refresh();
      return known.json;
    }
    clearTimeout(known?.idle);
    answers.delete(question);
    const json = make();
    const idle = setTimeout(() => answers.delete(question), IDLE_MS).unref();
    answers.set(question, { sources, json, idle });
    for (const [oldest, { idle: timer }] of answers) {
      if (answers.size <= MAX_KEPT) break;
      clearTimeout(timer);
      answers.delete(oldest);
    }
    return json;
  }
}

const isSame = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((part, at) => part === b[at]);
