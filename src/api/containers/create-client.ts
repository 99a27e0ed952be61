import { createHash } from "node:crypto";
import { clientIdentity } from "../client-identity.ts";
import { header, type Exchange } from "../exchange.ts";

/** What matters of the client behind a create when its image is missing. */
export interface CreateClient {
  /** See `clientIdentity`. */
  readonly identity: string;
  /** The same for the same create repeated, and no other. */
  readonly create: string;
  readonly onMissingImage: MissingImageHabit;
}

/**
 * What a client does about a create answered with 404. `pulls`: it always pulls, with its credentials and a progress display, and repeats the
 * create. `may-pull`: some of its calls do. `fails`: it gives up.
 */
export type MissingImageHabit = "pulls" | "may-pull" | "fails";

/** @param body as it came, parsed */
export function createClient({ req, clientVersion, rawQuery }: Exchange, body: object): CreateClient {
  let create: string | undefined;
  return {
    identity: clientIdentity(req),
    // Few creates need it, and a body may be megabytes.
    get create() {
      return (create ??= createHash("sha256")
        .update(`${rawQuery}\n${JSON.stringify(body)}`)
        .digest("base64"));
    },
    onMissingImage:
      header(req, "x-registry-auth") === undefined
        ? missingImageHabit(header(req, "user-agent") ?? "", clientVersion)
        : "fails",
  };
}

/**
 * Told by the names clients give themselves. Only the docker command line is `Docker-Client/` and a number; its plugins are `compose/2.40.3`,
 * `Go-http-client/1.1` (buildx) or, when built without a number, `Docker-Client/unknown-version`, and none of them pulls then.
 */
export function missingImageHabit(userAgent: string, clientVersion: string | undefined): MissingImageHabit {
  if (/^Docker-Client\/\d/.test(userAgent) && clientVersion !== undefined) return "pulls";
  // `containers.run` pulls, `containers.create` does not; docker-compose 1, which is built on it, has a name of its own.
  return /^docker-sdk-python\/\d/.test(userAgent) ? "may-pull" : "fails";
}
