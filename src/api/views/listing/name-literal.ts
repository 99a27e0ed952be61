const metacharacters = /[\\^$.|?*+()[\]{}\n]/;

/**
 * A text that every container must have in its own name to match this value of the `name` filter; undefined: nothing so simple can be said.
 * `web`, `^web`, `web$`, `^web$`, `^/web$` and `^node-1/web$` are what people ask for.
 */
export function nameLiteral(value: string): string | undefined {
  const fromStart = value.startsWith("^");
  const toEnd = value.endsWith("$");
  const literal = value.slice(fromStart ? 1 : 0, toEnd ? -1 : undefined);
  if (metacharacters.test(literal)) return undefined;
  const slash = literal.lastIndexOf("/");
  // With a slash it may be the node that matches, unless it must match to the end.
  if (slash >= 0 && !(fromStart && toEnd)) return undefined;
  const name = literal.slice(slash + 1);
  return name === "" ? undefined : name;
}
