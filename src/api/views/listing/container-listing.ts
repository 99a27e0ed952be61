import { ownName } from "../container-filters.ts";
import {
  listRules,
  selectBy,
  listEntry,
  type ContainerListContext,
  type ContainerListQuery,
  type ListRules,
} from "../container-list.ts";
import { wanted } from "../docker-filters.ts";
import type { DockerFilters } from "../docker-filters.ts";
import type { ContainerView } from "../types.ts";
import { ListAnswer } from "./answer.ts";
import { ListedNodes } from "./listed-nodes.ts";
import { nameLiteral } from "./name-literal.ts";
import { NameTable } from "./name-table.ts";
import { OrderedPages } from "./ordered-pages.ts";
import { picked } from "./page.ts";
import { StandingLabels } from "./standing-labels.ts";

/** Where the containers are, by ID. */
export interface ListedContainers {
  values(): Iterable<ContainerView>;
  byId(id: string): ContainerView | undefined;
}

/** So many containers are rendered by themselves, which needs neither order nor pages. */
const FEW = 32;
/** So many are looked up in the order one by one; where there are more, the whole order is walked. */
const MANY = 3_000;

/**
 * Answers `GET /containers/json` in bytes: keeps the containers in the order of the list and their JSON where it was asked for, so that what has not
 * changed since the last list is only sent. Says what `listContainers` says, always.
 */
export class ContainerListing {
  readonly #containers: ListedContainers;
  readonly #nodes = new ListedNodes();
  readonly #order = new OrderedPages();
  /** Undefined: nobody asked for a name yet. */
  #names: NameTable | undefined;
  readonly #labels: StandingLabels;
  readonly #few: number;
  readonly #many: number;

  /**
   * @param containers from now on tell {@link add}, {@link remove} and {@link replace} of every change to them
   * @param sizes what counts as few and as many; any do, they are only about speed
   */
  constructor(containers: ListedContainers, sizes: { few?: number; many?: number } = {}) {
    this.#containers = containers;
    this.#few = sizes.few ?? FEW;
    this.#many = sizes.many ?? MANY;
    this.#labels = new StandingLabels(this.#many);
    for (const container of containers.values()) this.add(container);
  }

  add(container: ContainerView): void {
    this.#order.insert(this.#nodes.add(container));
    this.#labels.add(container);
    this.#names?.add(container.summary.Id);
    if (this.#names?.isWornOut === true) this.#names = undefined;
  }

  remove(container: ContainerView): void {
    this.#labels.remove(container);
    const entry = this.#nodes.remove(container);
    if (entry !== undefined) this.#order.remove(entry);
  }

  /** A container looks different, but has the same ID, names and labels. */
  replace(old: ContainerView, container: ContainerView): void {
    const entry = this.#nodes.entryOf(old);
    if (
      entry === undefined ||
      old.node !== container.node ||
      old.inspect.Created !== container.inspect.Created
    ) {
      this.remove(old);
      this.add(container);
      return;
    }
    entry.container = container;
    entry.page?.touch();
  }

  /** The whole answer, in pieces. They are shared: nobody may change them. @throws ApiError as `listContainers` does */
  list(query: ContainerListQuery, context: ContainerListContext, nowMs: number): readonly Buffer[] {
    const rules = listRules(query, context);
    const admitted = this.#admitted(query.filters, rules);
    if (admitted !== undefined && (admitted.length <= this.#few || rules.limit > 0))
      return rendered(selectBy(rules, admitted), nowMs);
    this.#followNodes();
    return admitted === undefined ? this.#walk(rules, nowMs) : this.#lookUp(admitted, rules, nowMs);
  }

  /** All that the filters admit; undefined where they are many, or their order decides how many are wanted. */
  #admitted(
    filters: DockerFilters,
    { plain, limit, admits }: ListRules,
  ): readonly ContainerView[] | undefined {
    if (plain !== undefined) return undefined;
    const candidates = this.#candidates(filters);
    if (candidates === undefined && limit > 0) return undefined;
    const admitted: ContainerView[] = [];
    for (const container of candidates ?? this.#containers.values()) {
      if (!admits(container)) continue;
      admitted.push(container);
      if (admitted.length > this.#many) return undefined;
    }
    return admitted;
  }

  /**
   * Makes ready what a list of everything takes, which may take long when nobody asked lately: page after page, as long as wanted.
   * @param from 0, or what the last call answered
   * @returns where to go on; undefined: all was looked at
   */
  prepare(from: number, nowMs: number, goOn: () => boolean): number | undefined {
    this.#followNodes();
    const { pages } = this.#order;
    for (let at = from; at < pages.length; at++) {
      if (pages[at]?.prepare(nowMs) === true && !goOn()) return at + 1;
    }
    return undefined;
  }

  /** Gives back the memory that only makes lists fast. */
  forgetBytes(): void {
    for (const page of this.#order.pages) page.forgetBytes();
    this.#names = undefined;
    this.#labels.forget();
  }

  /** The answer, for containers that are known to be admitted. */
  #lookUp(admitted: readonly ContainerView[], { inRange }: ListRules, nowMs: number): readonly Buffer[] {
    const entries = admitted.flatMap((container) => this.#nodes.entryOf(container) ?? []).filter(inRange);
    const answer = new ListAnswer(nowMs);
    for (const { page, picked } of this.#order.placesOf(entries)) answer.add(page, picked);
    return answer.end();
  }

  #walk({ plain, admits, inRange, limit }: ListRules, nowMs: number): readonly Buffer[] {
    const answer = new ListAnswer(nowMs);
    let left = limit > 0 ? limit : Infinity;
    for (const page of this.#order.pages) {
      if (plain !== undefined) {
        answer.add(page, page.plain(plain));
        continue;
      }
      answer.add(
        page,
        picked(page.entries, (entry) => left > 0 && admits(entry.container) && inRange(entry) && left-- > 0),
      );
      if (left === 0) break;
    }
    return answer.end();
  }

  #followNodes(): void {
    for (const { from, to } of this.#nodes.changed()) {
      this.#order.remove(from);
      this.#order.insert(to);
    }
  }

  /** All that can pass the filters, when an index knows that they are few. */
  #candidates(filters: DockerFilters): Iterable<ContainerView> | undefined {
    const ids =
      this.#idsAsked(filters) ??
      this.#idsNamed(filters) ??
      this.#labels.candidates(wanted(filters, "label") ?? [], () => this.#containers.values());
    return ids && [...ids].flatMap((id) => this.#containers.byId(id) ?? []);
  }

  /** Whole IDs can only be equal. */
  #idsAsked(filters: DockerFilters): ReadonlySet<string> | undefined {
    const values = wanted(filters, "id");
    return values?.every((value) => /^[0-9a-f]{64}$/.test(value)) === true ? new Set(values) : undefined;
  }

  #idsNamed(filters: DockerFilters): ReadonlySet<string> | undefined {
    const found = new Set<string>();
    for (const value of wanted(filters, "name") ?? [""]) {
      const literal = nameLiteral(value);
      if (literal === undefined) return undefined;
      this.#names ??= new NameTable(this.#allNames());
      const ids = this.#names.candidates(literal, this.#many);
      if (ids === undefined) return undefined;
      for (const id of ids) found.add(id);
    }
    return found;
  }

  *#allNames(): Generator<{ id: string; name: string }> {
    for (const container of this.#containers.values())
      yield { id: container.summary.Id, name: ownName(container) };
  }
}

function rendered(containers: readonly ContainerView[], nowMs: number): readonly Buffer[] {
  const entries = containers.map((container) => listEntry(container, nowMs));
  return [Buffer.from(`${JSON.stringify(entries)}\n`)];
}
