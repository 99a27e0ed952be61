/** What becomes of one message of a classic build (spec: api.md §8.1). */
export type BuildMessage =
  | { readonly kind: "pass"; readonly message: object }
  /** The build failed, with the engine's text; its own line for that is not passed on. */
  | { readonly kind: "failed"; readonly text: string }
  /** Not JSON. */
  | { readonly kind: "noise" };

/**
 * Reads a message, and puts the node's name into its `id`.
 * @param text one JSON object
 * @param node `undefined`: passed on as it is, because only the result is wanted
 */
export function readBuildMessage(text: string, node: string | undefined): BuildMessage {
  let message: Record<string, unknown>;
  try {
    message = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { kind: "noise" };
  }
  const failure = failureOf(message);
  if (failure !== undefined) return { kind: "failed", text: failure };
  return { kind: "pass", message: node === undefined ? message : { ...message, id: node } };
}

function failureOf({ error, errorDetail }: Record<string, unknown>): string | undefined {
  const detail = typeof errorDetail === "object" && errorDetail !== null ? errorDetail : {};
  const { message } = detail as { message?: unknown };
  if (typeof message === "string" && message !== "") return message;
  return typeof error === "string" && error !== "" ? error : undefined;
}

/** What a user can do about a failure; `undefined`: nothing we know of. */
export function failureHint(text: string): string | undefined {
  const os = /image operating system "([^"]+)" cannot be used on this platform/.exec(text)?.[1];
  return os === undefined
    ? undefined
    : `Could not build image: ${text}. Consider using --build-arg 'constraint:ostype==${os}'`;
}
