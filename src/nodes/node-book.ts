import type { Logger } from "pino";
import { DEFAULT_SETTINGS, type NodeSettings, type NodeSettingsSource } from "../cluster/node-settings.ts";
import { ApiError, conflict, errorText } from "../errors.ts";
import { until } from "../store/deadline.ts";
import type { Entry, Revision, Store } from "../store/store.ts";
import { StoreError } from "../store/store-error.ts";
import { changed, isDefault, sameSettings, type NodeChange } from "./node-change.ts";
import { AVAILABILITY_FOLDER, decodeEntry, encodeEntry, engineIdOf, entryKey } from "./node-entry.ts";

/** How long an update may take with all its attempts, milliseconds. */
const UPDATE_MS = 15_000;
/** Attempts of an update while others write the same entry. */
const UPDATE_TRIES = 8;
/** How long {@link NodeBook.load} waits for the store, milliseconds. */
const LOAD_MS = 2_000;
/** The most entries read: ten times the largest cluster we know of. */
const MAX_ENTRIES = 10_000;

export interface NodeBookOptions {
  readonly store: Store;
  readonly log: Logger;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** What is known of one engine: undefined settings of an entry we cannot use. */
interface Page {
  readonly revision: Revision;
  readonly settings: NodeSettings | undefined;
}

/**
 * What operators said about nodes: durable, and the same for every manager, because each follows the store. While the store cannot be asked,
 * what is known stays in force.
 */
export class NodeBook implements NodeSettingsSource {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #now: () => number;
  /** By engine ID. */
  readonly #pages = new Map<string, Page>();
  /**
   * What we wrote and the watch has not shown yet, by engine ID: the revision, undefined for a removal. A state that was read before our
   * write must not undo it.
   */
  readonly #ahead = new Map<string, { readonly revision: Revision | undefined }>();
  readonly #listeners = new Set<(engineId: string) => void>();
  /** Updates of this manager go one after another: they would only be in each other's way. */
  #turn: Promise<unknown> = Promise.resolve();
  #outage = false;
  #tooMany = false;

  constructor({ store, log, now = Date.now }: NodeBookOptions) {
    this.#store = store;
    this.#log = log;
    this.#now = now;
  }

  of(engineId: string): NodeSettings | undefined {
    return this.#pages.get(engineId)?.settings;
  }

  /** Called after every change; the answer ends it. */
  onChange(listener: (engineId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  // ── Writing ───────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Resolves when it is stored, and in force here. Updates of several managers at once all count.
   * @param node its name, kept for tools that read the store
   * @throws ApiError 400 for a change that cannot be, 409 where a newer manager wrote, 503 when the store did not take it
   */
  async update(engineId: string, node: string, change: NodeChange): Promise<NodeSettings> {
    const key = entryKey(engineId);
    if (key === undefined) throw conflict(`the engine ID of ${node} cannot be stored`);
    const signal = AbortSignal.timeout(UPDATE_MS);
    const update = this.#turn.then(() => this.#write({ key, engineId, node, change, signal }));
    this.#turn = update.catch(() => undefined);
    try {
      return await update;
    } catch (error) {
      if (error instanceof ApiError) throw error;
      const text = signal.aborted ? `no answer within ${UPDATE_MS / 1_000} s` : errorText(error);
      throw new ApiError(
        503,
        `the settings of node ${node} were not stored in ${this.#store.name}: ${text}`,
        {
          cause: error,
        },
      );
    }
  }

  async #write(asked: {
    readonly key: string;
    readonly engineId: string;
    readonly node: string;
    readonly change: NodeChange;
    readonly signal: AbortSignal;
  }): Promise<NodeSettings> {
    const { key, engineId, node, change, signal } = asked;
    for (let tries = 1; ; tries++) {
      const entry = await this.#store.get(key, { signal });
      const before = this.#settingsToChange(entry, node);
      const now = this.#now();
      const after = changed(before, change, now);
      try {
        if (entry === undefined ? isDefault(after) : sameSettings(before, after)) {
          this.#set(engineId, entry && { revision: entry.revision, settings: after });
          return after;
        }
        const text = isDefault(after) ? "" : encodeEntry(after, node, now);
        const revision = await this.#put(key, entry, text, signal);
        this.#ahead.set(engineId, { revision });
        this.#set(engineId, revision === undefined ? undefined : { revision, settings: after });
        return after;
      } catch (error) {
        if (!(error instanceof StoreError && error.kind === "conflict") || tries === UPDATE_TRIES)
          throw error;
      }
    }
  }

  /** @throws ApiError 409 for an entry that is a newer manager's */
  #settingsToChange(entry: Entry | undefined, node: string): NodeSettings {
    if (entry === undefined) return DEFAULT_SETTINGS;
    const decoded = decodeEntry(entry.value);
    if (decoded.kind === "newer") {
      throw conflict(
        `the settings of node ${node} were written by a newer manager (version ${decoded.version}): update them there`,
      );
    }
    // What nobody can read is written anew.
    return decoded.kind === "settings" ? decoded.settings : DEFAULT_SETTINGS;
  }

  /** @param value empty: the entry is to go. @returns undefined when there is no entry any more */
  async #put(
    key: string,
    entry: Entry | undefined,
    value: string,
    signal: AbortSignal,
  ): Promise<Revision | undefined> {
    if (value !== "")
      return this.#store.put(key, value, {
        signal,
        when: entry === undefined ? "absent" : { revision: entry.revision },
      });
    if (entry !== undefined) await this.#store.delete(key, { signal, when: { revision: entry.revision } });
    return undefined;
  }

  // ── Following ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Reads what there is, so that nothing is placed before it is known; gives up after two seconds. Never rejects. */
  async load(): Promise<void> {
    try {
      const signal = AbortSignal.timeout(LOAD_MS);
      this.#apply(await this.#store.list({ folder: AVAILABILITY_FOLDER }, { signal }));
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Follows the store until the signal; resolves never before it. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    for await (const update of this.#store.watch({ folder: AVAILABILITY_FOLDER }, signal)) {
      if (update.kind === "error") {
        this.#failed(update.error);
        continue;
      }
      this.#apply(await this.#withOwnWrites(update.entries, signal));
    }
    await until(signal);
  }

  #failed(error: unknown): void {
    if (!this.#outage) {
      this.#log.warn(
        { error: errorText(error), store: this.#store.name },
        "The store of node settings cannot be read; what is known of them stays in force",
      );
    }
    this.#outage = true;
  }

  /** A state may be older than what we wrote: where they differ the store is asked. Another manager may have written since. */
  async #withOwnWrites(entries: readonly Entry[], signal: AbortSignal): Promise<readonly Entry[]> {
    if (this.#ahead.size === 0) return entries;
    const current = new Map(entries.map((entry) => [entry.key, entry]));
    for (const [engineId, own] of [...this.#ahead]) {
      const key = entryKey(engineId) ?? "";
      const seen = await this.#newer(key, current.get(key), own.revision, signal);
      if (seen.entry === undefined) current.delete(key);
      else current.set(key, seen.entry);
      if (this.#ahead.get(engineId) !== own) continue;
      if (seen.certain) this.#ahead.delete(engineId);
      else this.#ahead.set(engineId, { revision: seen.entry?.revision });
    }
    return [...current.values()];
  }

  /** @returns certain: every state from now on is as new as this */
  async #newer(
    key: string,
    shown: Entry | undefined,
    revision: Revision | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly entry: Entry | undefined; readonly certain: boolean }> {
    if (shown?.revision === revision) return { entry: shown, certain: true };
    try {
      return { entry: await this.#store.get(key, { signal }), certain: false };
    } catch {
      // If the state is the older one, a newer one follows; if it is the newer one, none may.
      return { entry: shown, certain: true };
    }
  }

  #apply(entries: readonly Entry[]): void {
    if (this.#outage)
      this.#log.info({ store: this.#store.name }, "The store of node settings can be read again");
    this.#outage = false;
    if (entries.length > MAX_ENTRIES && !this.#tooMany)
      this.#log.warn({ entries: entries.length }, `Only ${MAX_ENTRIES} node settings are read`);
    this.#tooMany = entries.length > MAX_ENTRIES;
    const seen = new Set<string>();
    for (const entry of entries.slice(0, MAX_ENTRIES)) {
      const engineId = engineIdOf(entry.key);
      if (engineId === undefined) continue;
      seen.add(engineId);
      this.#learn(engineId, entry);
    }
    for (const engineId of [...this.#pages.keys()])
      if (!seen.has(engineId) && !this.#isOwn(engineId, undefined)) this.#set(engineId, undefined);
  }

  /** Something we wrote while this state was looked at is not to be undone by it. */
  #isOwn(engineId: string, revision: Revision | undefined): boolean {
    const own = this.#ahead.get(engineId);
    return own !== undefined && own.revision !== revision;
  }

  #learn(engineId: string, { key, value, revision }: Entry): void {
    if (this.#isOwn(engineId, revision) || this.#pages.get(engineId)?.revision === revision) return;
    const decoded = decodeEntry(value);
    switch (decoded.kind) {
      case "settings":
        for (const problem of decoded.problems)
          this.#log.warn({ key, problem }, "Part of a node's settings is not used");
        this.#set(engineId, { revision, settings: decoded.settings });
        return;
      case "newer":
        this.#log.warn(
          { key, version: decoded.version },
          "A node's settings were written by a newer manager and are not used here",
        );
        break;
      case "unreadable":
        this.#log.warn({ key, problem: decoded.why }, "A node's settings cannot be read and are not used");
    }
    // What was known before stays in force.
    this.#set(engineId, { revision, settings: this.of(engineId) });
  }

  #set(engineId: string, page: Page | undefined): void {
    const before = this.of(engineId);
    const same = sameSettings(before, page?.settings);
    if (page === undefined) this.#pages.delete(engineId);
    // The same object as long as nothing changes: whoever reads it often compares it.
    else this.#pages.set(engineId, same ? { ...page, settings: before } : page);
    if (!same) for (const listener of [...this.#listeners]) listener(engineId);
  }
}
