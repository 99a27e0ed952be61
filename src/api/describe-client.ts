import type { IncomingMessage } from "node:http";
import { clientOf } from "./access/client.ts";
import { isTroublesome } from "./access/plain-text.ts";
import { clientIdentity } from "./client-identity.ts";
import { remoteOf } from "./remote-of.ts";
import { encodeRelayed, readRelayed } from "./relayed-client.ts";
import type { Services } from "./services.ts";

/**
 * What a replica tells the primary of the client whose request it relays: what it saw itself, or what the manager before it said, if the policy knows
 * that one. Without a policy nobody is believed: the primary may have one, and trust us.
 * @throws ApiError 400 when that manager wrote what cannot be read, or the client's certificate says too much
 */
export function describeClient(
  { access, builders }: Pick<Services, "access" | "builders">,
  req: IncomingMessage,
): string {
  const before = access && readRelayed(req, access);
  if (before !== undefined) return encodeRelayed(before);
  const identity = clientIdentity(req);
  const wish = builders.wishes.get(identity) ?? "";
  return encodeRelayed({
    client: clientOf(req.socket),
    identity,
    address: remoteOf(req.socket),
    builderNode: isTroublesome(wish) ? "" : wish,
  });
}
