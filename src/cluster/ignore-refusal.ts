import { EngineResponseError } from "../docker/engine-client.ts";

/** An engine may refuse to list networks or volumes and be of use all the same. */
export async function ignoreRefusal(refresh: Promise<void>): Promise<void> {
  try {
    await refresh;
  } catch (error) {
    if (!(error instanceof EngineResponseError)) throw error;
  }
}
