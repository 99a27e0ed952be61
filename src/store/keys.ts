import { maxKeyBytes, maxValueBytes } from "./store.ts";
import type { Target } from "./store.ts";
import { StoreError } from "./store-error.ts";

/**
 * Keys of one prefix. A key is segments joined by slashes, none of them empty, `.` or `..`, without control characters:
 * what a path in etcd v2 and a node in ZooKeeper may be. Segments beginning with `_` are left to the stores: etcd v2
 * hides them and ZooKeeper's locks are made of them.
 */
export class KeySpace {
  readonly #prefix: string;

  /** `prefix` as in a store's URL: slashes at its ends and doubled ones are dropped. */
  constructor(prefix: string) {
    this.#prefix = prefix
      .split("/")
      .filter((segment) => segment !== "")
      .map((segment) => `${segment}/`)
      .join("");
    if (this.#prefix !== "") check(this.#prefix.slice(0, -1), "prefix");
  }

  /** The store's key for ours. @throws {StoreError} `invalid` or `too-large`. */
  full(key: string): string {
    check(key, "key");
    return this.#prefix + key;
  }

  fullTarget(target: Target): Target {
    if ("key" in target) return { key: this.full(target.key) };
    if ("lock" in target) return { lock: this.full(target.lock) };
    if (target.folder === "") return { folder: this.#prefix.slice(0, -1) };
    return { folder: this.full(target.folder) };
  }

  /** Our key for the store's. */
  short(key: string): string {
    return key.slice(this.#prefix.length);
  }
}

/** @throws {StoreError} `invalid` for an empty value, `too-large` for one beyond {@link maxValueBytes}. */
export function checkValue(key: string, value: string): void {
  if (value === "") throw new StoreError("invalid", `the value of ${key} is empty`);
  const bytes = Buffer.byteLength(value);
  if (bytes > maxValueBytes) {
    throw new StoreError(
      "too-large",
      `the value of ${key} has ${bytes} bytes; ${maxValueBytes} are the limit`,
    );
  }
}

/** @throws {StoreError} `invalid` for a time that is none, or longer than a day (Consul's limit). */
export function checkTtl(ttlMs: number): void {
  if (!Number.isFinite(ttlMs) || ttlMs < 1 || ttlMs > 86_400_000) {
    throw new StoreError("invalid", `a TTL is from 1 ms to 24 h, not ${ttlMs} ms`);
  }
}

/** Whether an entry of this key belongs to the target. */
export function isWithin(target: Target, key: string): boolean {
  if ("key" in target) return key === target.key;
  if ("lock" in target) return key === target.lock;
  return target.folder === "" || key.startsWith(`${target.folder}/`);
}

/** Control characters, surrogates alone or in pairs, private use, and the end of the first plane. */
const REFUSED_BY_ZOOKEEPER = /[\p{Cc}\p{Cs}\p{Co}\ufff0-\uffff\u{10000}-\u{10ffff}]/u;

function check(key: string, what: string): void {
  if (Buffer.byteLength(key) > maxKeyBytes) {
    throw new StoreError("too-large", `a ${what} has at most ${maxKeyBytes} bytes: ${key.slice(0, 80)}…`);
  }
  const bad = key.split("/").some((segment) => segment === "" || segment === "." || segment === "..");
  if (bad || REFUSED_BY_ZOOKEEPER.test(key)) {
    throw new StoreError("invalid", `not a ${what}: ${JSON.stringify(key)}`);
  }
}
