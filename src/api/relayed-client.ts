import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { badRequest } from "../errors.ts";
import { CLIENT_HEADER, RELAY_HEADERS, viaOf } from "../proxy/relay-headers.ts";
import { clientNamed, type Client } from "./access/client.ts";
import { isTroublesome } from "./access/plain-text.ts";

/** Whom another manager relays for (docs/replicas.md). */
export interface RelayedClient {
  /** Its certificate's names; undefined: it had no certificate that counts. */
  readonly client: Client | undefined;
  /** See `clientIdentity`. */
  readonly identity: string;
  /** `address:port`, or `local`. */
  readonly address: string;
  /** The builder node it asked that manager for in a ping; `""`: none. */
  readonly builderNode: string;
}

/** The same, and through which manager it came to us. */
export interface Relayed extends RelayedClient {
  /** What that manager is known by among managers: its `--advertise`. */
  readonly via: string;
}

/** Tells managers from clients; none: everybody may do everything, and say who they are. */
export interface ManagerTest {
  isManager(socket: Socket): boolean;
}

/** A certificate's names may be long, and there may be many. */
const MAX_HEADER_CHARS = 64 * 1024;
const MAX_IDENTITY_CHARS = 32 * 1024;
const MAX_NODE_CHARS = 1_024;
const MAX_UNITS = 256;
const KEYS: readonly string[] = ["cn", "units", "identity", "address", "builderNode"];
const ADDRESS = /^[\w.:%[\]-]{1,100}$/;

const relayed = new WeakMap<IncomingMessage, Relayed>();

/** For whom, and through whom, a manager relayed this request; undefined: it came from the client itself. */
export const relayedClient = (req: IncomingMessage): Relayed | undefined => relayed.get(req);

/** A request made of another came the same way. */
export function inheritRelayed(from: IncomingMessage, to: IncomingMessage): void {
  const known = relayed.get(from);
  if (known !== undefined) relayed.set(to, known);
}

/**
 * Takes what only managers may say off the request's headers, so that no engine hears it, and remembers it if a manager said it.
 * @throws ApiError 400 when a manager wrote what cannot be read
 */
export function admitRelayed(req: IncomingMessage, managers: ManagerTest | undefined): void {
  if (!RELAY_HEADERS.some((name) => req.headers[name] !== undefined)) return;
  const known = readRelayed(req, managers);
  for (const name of RELAY_HEADERS) Reflect.deleteProperty(req.headers, name);
  req.rawHeaders = req.rawHeaders.filter(
    (_, n, raw) => !RELAY_HEADERS.includes((raw[n - (n % 2)] ?? "").toLowerCase()),
  );
  if (known !== undefined) relayed.set(req, known);
}

/**
 * What a manager says of the client it relays for; undefined when nobody does who may.
 * @throws ApiError 400 when a manager wrote what cannot be read
 */
export function readRelayed(
  { headers, socket }: IncomingMessage,
  managers: ManagerTest | undefined,
): Relayed | undefined {
  const via = viaOf(headers)?.at(-1);
  const text = headers[CLIENT_HEADER];
  if (via === undefined || text === undefined) return undefined;
  if (managers !== undefined && !managers.isManager(socket)) return undefined;
  const client = typeof text === "string" ? decodeRelayed(text) : undefined;
  if (client === undefined) throw badRequest("malformed X-Swarm-Client header");
  return { ...client, via };
}

/** @throws ApiError 400 when its certificate says more than may be passed on */
export function encodeRelayed({ client, ...rest }: RelayedClient): string {
  const names = client === undefined ? {} : { cn: client.cn, units: client.units };
  const { identity, address, builderNode } = rest;
  const text = Buffer.from(JSON.stringify({ ...names, identity, address, builderNode })).toString(
    "base64url",
  );
  if (decodeRelayed(text) === undefined)
    throw badRequest("the names in the client's certificate are too long to be passed on to the primary");
  return text;
}

/** Strict: what is not exactly what {@link encodeRelayed} writes is undefined. */
export function decodeRelayed(text: string): RelayedClient | undefined {
  if (text.length > MAX_HEADER_CHARS || !/^[\w-]+$/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(text, "base64url")));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { cn, units, identity, address, builderNode } = value as Readonly<Record<string, unknown>>;
  const named = units === undefined ? undefined : namesOf(cn, units);
  if (
    Object.keys(value).some((key) => !KEYS.includes(key)) ||
    (units === undefined ? cn !== undefined : named === undefined) ||
    !isText(identity, MAX_IDENTITY_CHARS) ||
    !/^(subject|address) /.test(identity) ||
    !isText(address, MAX_NODE_CHARS) ||
    !ADDRESS.test(address) ||
    !isText(builderNode, MAX_NODE_CHARS) ||
    isTroublesome(builderNode)
  )
    return undefined;
  return { client: named, identity, address, builderNode };
}

function namesOf(cn: unknown, units: unknown): Client | undefined {
  if (!Array.isArray(units) || units.length > MAX_UNITS || Array.isArray(cn)) return undefined;
  return clientNamed({ ...(cn === undefined ? {} : { CN: cn }), OU: units });
}

const isText = (value: unknown, maxChars: number): value is string =>
  typeof value === "string" && value.length <= maxChars;
