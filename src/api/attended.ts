import type { EngineClient } from "../docker/engine-client.ts";

/** How long an engine may work before we look after it, and between looks. */
const WATCH_MS = 5_000;
/** So many looks in a row may find nobody. */
const MAX_SILENT = 2;

/**
 * Waits for a call that may take long, but not on an engine that has stopped answering anything: a frozen one is given up after some 20
 * seconds, long before its health is settled. The call itself ends when that is.
 * @throws what the call throws, or the error of the last look
 */
export async function attended<T>(
  { client }: { readonly client: Pick<EngineClient, "ping"> },
  call: Promise<T>,
  watchMs = WATCH_MS,
): Promise<T> {
  const { promise: givenUp, reject: giveUp } = withResolvers();
  let silent = 0;
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const look = async (): Promise<void> => {
    try {
      await client.ping();
      silent = 0;
    } catch (error) {
      if (++silent >= MAX_SILENT) giveUp(error);
    }
    if (!over) watch();
  };
  const watch = (): void => void (timer = setTimeout(() => void look(), watchMs));
  watch();
  try {
    return await Promise.race([call, givenUp]);
  } finally {
    over = true;
    clearTimeout(timer);
  }
}

function withResolvers(): { readonly promise: Promise<never>; readonly reject: (error: unknown) => void } {
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<never>((_resolve, rejected) => (reject = rejected));
  return { promise, reject };
}
