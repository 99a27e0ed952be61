import { ApiError, badRequest } from "../../errors.ts";
import { sendStatus, type Exchange } from "../exchange.ts";
import { askEach, engineStatus, failureText, jointText } from "../fan-out.ts";
import { parameters } from "../form.ts";
import type { Services } from "../services.ts";
import { tagProblem } from "../views/image-name.ts";
import { answering, imageHolders, imagePath, partialFailures, refreshImages, warnOf } from "./holders.ts";

/**
 * `POST /images/{name}/tag`: on every healthy node that has the image (images-networks-volumes.md §1.7). An engine's refusal is the answer,
 * though others have the tag then; a node that could not be asked is a warning, as long as one has it.
 */
export async function tag(services: Services, exchange: Exchange): Promise<void> {
  const { query } = await parameters(exchange);
  const repo = query.get("repo") ?? "";
  const name = query.get("tag") ?? "";
  const problem = tagProblem(repo, name);
  if (problem !== undefined) throw badRequest(problem);

  const reference = exchange.param("name");
  const holders = imageHolders(services.cluster, reference);
  const path = `/images/${imagePath(reference)}/tag?${new URLSearchParams({ repo, tag: name }).toString()}`;
  const outcome = await askEach(holders.engines, (engine) =>
    engine.client.send("POST", engine.versionedPath(exchange.clientVersion, path)),
  );
  await refreshImages(answering(outcome));
  const failures = partialFailures(outcome);
  const refusals = failures.filter((failure) => engineStatus(failure) !== undefined);
  if (refusals.length > 0) throw new ApiError(500, jointText(refusals));
  warnOf(services, exchange, "a node could not tag an image", [
    ...failures.map(failureText),
    ...holders.missed,
  ]);
  sendStatus(exchange.res, 201);
}
