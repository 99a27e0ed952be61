import { UploadFanOut } from "../../proxy/upload-fan-out.ts";
import { clientLeft } from "../client-left.ts";
import { header, sendStatus, type Exchange } from "../exchange.ts";
import { askEach, jointError } from "../fan-out.ts";
import type { Services } from "../services.ts";
import { healthyOnes } from "./plugin-nodes.ts";

/**
 * `POST /plugins/create`: the archive (`config.json` and `rootfs/`) goes to every healthy node as it comes, and is not kept
 * (spec: api.md §10.3). A node that refuses it is left out, the others go on.
 * @throws ApiError with a line for each node that failed and the status they agree on; the others have the plugin then
 */
export async function create({ cluster, log }: Services, exchange: Exchange): Promise<void> {
  const { req, res, rawQuery, clientVersion } = exchange;
  const upload = new UploadFanOut(req);
  const branches = new Map(healthyOnes(cluster).map((engine) => [engine, upload.branch()]));
  const signal = clientLeft(res);
  const asking = askEach(branches.keys(), async (engine) => {
    const branch = branches.get(engine);
    try {
      const answer = await engine.client.stream({
        method: "POST",
        path: engine.versionedPath(clientVersion, `/plugins/create${rawQuery}`),
        upload: branch,
        headers: { "Content-Type": header(req, "content-type") ?? "application/x-tar" },
        signal,
      });
      for await (const _ of answer);
    } finally {
      // With an error: an upload that merely ended would look complete.
      if (branch?.readableEnded === false)
        branch.destroy(new Error("the engine wants no more of the upload"));
    }
  });
  upload.start();
  const { answers, failed, failures } = await asking;
  if (failed.length > 0) {
    if (answers.length > 0) log.warn({ failures }, "a plugin was created on some nodes only");
    throw jointError(failed);
  }
  sendStatus(res, 204);
}
