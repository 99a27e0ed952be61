/** Reads answers of a manager, which may hold anything. */
export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value as an object; anything else is an empty one. */
export const fields = (value: unknown): Fields => (isFields(value) ? value : {});

/** The objects of a list. */
export const list = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.filter(isFields) : [];

/** A text field; `""` for anything else. */
export const text = (from: Fields, name: string): string => {
  const value = from[name];
  return typeof value === "string" ? value : "";
};

/** A number field; 0 for anything else. */
export const number = (from: Fields, name: string): number => {
  const value = from[name];
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
};

/** `a=1,b=2` of an object of texts. */
export const labels = (value: unknown): string =>
  Object.entries(fields(value))
    .map(([key, label]) => (label === "" ? key : `${key}=${String(label)}`))
    .sort()
    .join(",");
