import type { ServerUrl } from "../src/store/store-url.ts";
import { StoreError } from "../src/store/store-error.ts";
import { oneLine } from "./one-line.ts";

/** What people search logs for when a store is not there (spec: discovery.md §1.3); the cause follows. */
const unreachable: Readonly<Record<ServerUrl["scheme"], string>> = {
  consul: "",
  etcd: "client: etcd cluster is unavailable or misconfigured: ",
  zk: "zk: could not connect to a server: ",
};
/** The original's one text for every failure of an agent with Consul. */
const consulWrite = "cannot set or renew session for ttl, unable to operate on sessions: ";
const maxText = 400;

/** A failed call of a store in the contract's words, on one line, with the cause. */
export function kvError(scheme: ServerUrl["scheme"], doing: "read" | "write", cause: unknown): Error {
  const text = oneLine(cause instanceof Error ? cause.message : String(cause), maxText);
  if (!(cause instanceof StoreError) || cause.kind !== "unreachable") return new Error(text, { cause });
  const prefix = scheme === "consul" && doing === "write" ? consulWrite : unreachable[scheme];
  return new Error(prefix + text, { cause });
}
