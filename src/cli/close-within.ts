/**
 * Waits for a closing, but no longer than this: a command that is done must end. Never rejects.
 * @returns how it went: an error is what the closing rejected with
 */
export async function closeWithin(
  ms: number,
  closing: PromiseLike<unknown>,
): Promise<"done" | "late" | Error> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, ms, "late");
  });
  const done = Promise.resolve(closing).then(
    () => "done" as const,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  const outcome = await Promise.race([done, late]);
  clearTimeout(timer);
  return outcome;
}
