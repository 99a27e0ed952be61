/** Where a value stands in a file: `["nodes", 0, "name"]`. */
export type Place = readonly (string | number)[];

/** A value of a cluster file that cannot be used. */
export class PlaceError extends Error {
  readonly place: Place;
  constructor(place: Place, message: string) {
    super(`${placeText(place)} ${message}`);
    this.name = new.target.name;
    this.place = place;
  }
}

/** `nodes[0].name` */
export const placeText = (place: Place): string =>
  place.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`),
    "",
  ) || "the file";

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A mapping of a cluster file, in which all scalars are texts. Every method throws {@link PlaceError}. */
export class Section {
  readonly place: Place;
  readonly #values: Readonly<Record<string, unknown>>;

  /** @param known the keys it may have */
  constructor(place: Place, value: unknown, known: readonly string[]) {
    if (!isObject(value))
      throw new PlaceError(place, `should be a mapping with the keys ${known.join(", ")}`);
    for (const key of Object.keys(value))
      if (!known.includes(key))
        throw new PlaceError([...place, key], `is not known here: there are ${known.join(", ")}`);
    this.place = place;
    this.#values = value;
  }

  at(key: string): Place {
    return [...this.place, key];
  }

  /** A text. @param fallback what it is when the key is absent or empty; without it the key must be there */
  text(key: string, fallback?: string): string {
    const value = this.#values[key] ?? "";
    if (typeof value !== "string") throw new PlaceError(this.at(key), "should be a text");
    if (value !== "") return value;
    if (fallback === undefined) throw new PlaceError(this.at(key), "is missing");
    return fallback;
  }

  /** One of these words; the first is the default. */
  word<Word extends string>(key: string, words: readonly [Word, ...Word[]]): Word {
    const text = this.text(key, words[0]);
    const found = words.find((word) => word === text);
    if (found === undefined)
      throw new PlaceError(
        this.at(key),
        `should be one of ${words.join(", ")}, ${JSON.stringify(text)} is not`,
      );
    return found;
  }

  /** A text that is something else. @param read answers undefined for what it is not */
  value<T>(key: string, fallback: T, what: string, read: (text: string) => T | undefined): T {
    const text = this.text(key, "");
    return text === "" ? fallback : readOr(this.at(key), text, what, read);
  }

  /** A whole number of a range. */
  whole(key: string, fallback: number, least: number, most: number): number {
    return this.value(key, fallback, `a whole number from ${least} to ${most}`, (text) => {
      const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
      return number >= least && number <= most ? number : undefined;
    });
  }

  /** The items of a list, each read by itself; none when the key is absent. */
  list<T>(key: string, read: (value: unknown, place: Place) => T): readonly T[] {
    const value = this.#values[key] ?? "";
    if (value === "") return [];
    if (!Array.isArray(value)) throw new PlaceError(this.at(key), "should be a list");
    return (value as unknown[]).map((item, index) => read(item, [...this.at(key), index]));
  }

  /** A mapping of texts; empty when the key is absent. */
  texts(key: string): Readonly<Record<string, string>> {
    const value = this.#values[key] ?? "";
    if (value === "") return {};
    if (!isObject(value)) throw new PlaceError(this.at(key), "should be a mapping of texts");
    for (const [name, text] of Object.entries(value))
      if (typeof text !== "string") throw new PlaceError([...this.at(key), name], "should be a text");
    return value as Readonly<Record<string, string>>;
  }

  /** A mapping with keys of its own; an empty one when the key is absent. */
  section(key: string, known: readonly string[]): Section {
    const value = this.#values[key] ?? "";
    return new Section(this.at(key), value === "" ? {} : value, known);
  }
}

/** A text that should be something else. @throws PlaceError */
export function readOr<T>(
  place: Place,
  text: string,
  what: string,
  read: (text: string) => T | undefined,
): T {
  const value = read(text);
  if (value === undefined) throw new PlaceError(place, `should be ${what}, ${JSON.stringify(text)} is not`);
  return value;
}
