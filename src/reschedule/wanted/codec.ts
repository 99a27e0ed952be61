import { gunzipSync, gzipSync } from "node:zlib";
import type { NetworkSummary, Unknown } from "../../docker/types.ts";
import { maxValueBytes } from "../../store/store.ts";
import type { Decoded } from "./book-writer.ts";
import { asRecord, is, isId, isText } from "./shape.ts";
import { MAX_FORMER_IDS, type LastPlace, type WantedContainer, type WantedCreate } from "./wanted.ts";

/** Written into every entry. A reader that knows less than this leaves the entry alone. */
const VERSION = 1;
/** The most a compressed part may become, bytes: twice the longest create body. */
const MAX_DETAIL_BYTES = 8 * 1024 * 1024;

/** The part of an entry that may be large, and is compressed then. */
interface Detail {
  readonly create: WantedCreate;
  readonly networks?: Readonly<Record<string, Unknown>>;
  readonly localNetworks: readonly NetworkSummary[];
}

/**
 * One wanted container as text for the store. Names every field: what else an object may carry does not get in. In particular no registry
 * credentials, which a create brings in a header of its own.
 * @returns undefined when it is too large for a store, even compressed
 */
export function encodeWanted(wanted: WantedContainer): string | undefined {
  const { swarmId, name, policy, run, last, formerIds, create, networks, localNetworks, updatedMs } = wanted;
  const { containerId, engineId, addr, node } = last;
  const detail: Detail = {
    create: {
      body: create.body,
      query: create.query,
      apiVersion: create.apiVersion,
    },
    ...(networks === undefined ? {} : { networks }),
    localNetworks,
  };
  const head = {
    v: VERSION,
    swarmId,
    name,
    policy,
    run,
    last: { containerId, engineId, addr, node },
    formerIds: formerIds.slice(-MAX_FORMER_IDS),
    updatedMs,
  };
  const plain = JSON.stringify({ ...head, detail });
  if (Buffer.byteLength(plain) <= maxValueBytes) return plain;
  const gzip = gzipSync(JSON.stringify(detail)).toString("base64");
  const packed = JSON.stringify({ ...head, gzip });
  return Buffer.byteLength(packed) <= maxValueBytes ? packed : undefined;
}

/** Reads an entry. Whatever the store holds, it does not throw. @param swarmId the entry's key below its folder */
export function decodeWanted(swarmId: string, text: string): Decoded<WantedContainer> {
  if (Buffer.byteLength(text) > maxValueBytes) return damaged(`it has more than ${maxValueBytes} bytes`);
  let parsed: Unknown | undefined;
  try {
    parsed = asRecord(JSON.parse(text));
  } catch {
    return damaged("it is not JSON");
  }
  if (parsed === undefined || typeof parsed.v !== "number") return damaged("it has no version");
  if (parsed.v > VERSION) return { kind: "newer", version: parsed.v };
  if (parsed.v !== VERSION) return damaged(`there is no version ${parsed.v}`);
  if (!isId(swarmId) || parsed.swarmId !== swarmId) return damaged("its key and its swarm ID differ");
  const { name, policy, run, formerIds, updatedMs } = parsed;
  const last = lastPlace(parsed.last);
  const detail = readDetail(parsed);
  if (!isText(name, 1024)) return damaged("name");
  if (policy !== "on-node-failure" && policy !== "off") return damaged("policy");
  if (run !== "running" && run !== "stopped") return damaged("run");
  if (last === undefined) return damaged("last");
  if (!Array.isArray(formerIds) || !formerIds.every(isId)) return damaged("formerIds");
  if (typeof updatedMs !== "number" || !Number.isFinite(updatedMs)) return damaged("updatedMs");
  if (typeof detail === "string") return damaged(detail);
  const { create, networks, localNetworks } = detail;
  return {
    kind: "value",
    value: {
      swarmId,
      name,
      policy,
      run,
      last,
      formerIds: formerIds.slice(-MAX_FORMER_IDS),
      create,
      networks,
      localNetworks,
      updatedMs,
    },
  };
}

const damaged = (why: string): Decoded<never> => ({ kind: "damaged", why });

function lastPlace(value: unknown): LastPlace | undefined {
  const { containerId, engineId, addr, node } = asRecord(value) ?? {};
  if (!isId(containerId) || !isText(engineId) || !isText(addr) || !isText(node)) return undefined;
  return { containerId, engineId, addr, node };
}

/** The detail, or why there is none. */
function readDetail(entry: Unknown): Detail | string {
  let value = entry.detail;
  if (typeof entry.gzip === "string") {
    try {
      const bytes = gunzipSync(Buffer.from(entry.gzip, "base64"), { maxOutputLength: MAX_DETAIL_BYTES });
      value = JSON.parse(bytes.toString("utf8"));
    } catch {
      return "gzip";
    }
  }
  const detail = asRecord(value);
  const create = asRecord(detail?.create);
  const body = asRecord(create?.body);
  if (detail === undefined || create === undefined || body === undefined) return "detail";
  const { query, apiVersion } = create;
  if (!isText(query, 8192)) return "query";
  if (apiVersion !== undefined && !isText(apiVersion, 16)) return "apiVersion";
  const networks = asRecord(detail.networks);
  if (detail.networks !== undefined && networks === undefined) return "networks";
  if (networks !== undefined && !Object.values(networks).every((each) => asRecord(each) !== undefined))
    return "networks";
  const { localNetworks } = detail;
  if (!Array.isArray(localNetworks) || !localNetworks.every(isNetwork)) return "localNetworks";
  return {
    create: { body: body, query, apiVersion },
    ...(networks === undefined ? {} : { networks: networks as Record<string, Unknown> }),
    localNetworks,
  };
}

function isNetwork(value: unknown): value is NetworkSummary {
  const { Id, Name, Scope, Driver } = asRecord(value) ?? {};
  return [Id, Name, Scope, Driver].every(is("string"));
}
