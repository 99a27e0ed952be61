import { sendJson, type Exchange } from "../exchange.ts";
import { askEach, failureText, type EngineAnswer } from "../fan-out.ts";
import type { Services } from "../services.ts";
import { answering, imageHolders, imagePath, partialFailures, refreshImages, warnOf } from "./holders.ts";

/** `{"Untagged":"busybox:latest"}` or `{"Deleted":"sha256:…"}` */
export type ImageDeletion = Readonly<Record<string, unknown>>;

/**
 * `DELETE /images/{name}`: on every healthy node that has the image, with the client's `force`, `noprune` and `platforms`
 * (images-networks-volumes.md §1.8, A16). What any of them deleted is a success; what others could not is a warning.
 */
export async function remove(services: Services, exchange: Exchange): Promise<void> {
  const reference = exchange.param("name");
  const holders = imageHolders(services.cluster, reference);
  const path = `/images/${imagePath(reference)}${exchange.rawQuery}`;
  const outcome = await askEach(holders.engines, (engine) =>
    engine.client.request<unknown>({
      method: "DELETE",
      path: engine.versionedPath(exchange.clientVersion, path),
      patient: true,
    }),
  );
  await refreshImages(answering(outcome));
  const failures = partialFailures(outcome);
  warnOf(services, exchange, "a node could not remove an image", [
    ...failures.map(failureText),
    ...holders.missed,
  ]);
  sendJson(exchange.res, 200, distinctDeletions(outcome.answers));
}

/** All that went, each thing once, in the order of the nodes. Anything but a list of objects is no news. */
export function distinctDeletions(answers: readonly EngineAnswer<unknown>[]): readonly ImageDeletion[] {
  const distinct = new Map<string, ImageDeletion>();
  for (const { answer } of answers) {
    for (const entry of Array.isArray(answer) ? (answer as unknown[]) : []) {
      if (typeof entry === "object" && entry !== null)
        distinct.set(JSON.stringify(entry), entry as ImageDeletion);
    }
  }
  return [...distinct.values()];
}
