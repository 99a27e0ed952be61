/** The scheduling core's vocabulary. Pure data and pure functions: no I/O, no clock. */

/** A host port a request wants or a container holds. `hostPort` is the user's text: `""`, `80`, `8000-8010`. */
export interface PortBinding {
  /** `80/tcp`: the container's side. */
  readonly containerPort: string;
  /** `""`, `0.0.0.0`, `::` mean every address. */
  readonly hostIp: string;
  readonly hostPort: string;
}

/** A host port in use on an engine. */
export interface UsedPort extends PortBinding {
  /** Who holds it, for explanations. */
  readonly holder: string;
}

/** A port exposed by a host-network container: `443/tcp`. */
export interface HostModePort {
  readonly key: string;
  /** Held by a reservation whose container does not exist yet. */
  readonly pending: boolean;
  readonly holder: string;
}

/** What an operator decided about placing on a node: `pause` takes nothing new, `drain` also gives away what may move. */
export type Availability = "active" | "pause" | "drain";

/** What the user wants placed. Built from a create body, a build or a network request (spec: scheduling.md §1, §3). */
export interface PlacementRequest {
  /** Wanted name, without a leading slash; `""` when the engine chooses one. */
  readonly name: string;
  /** Raw expressions, in order: labels first, then env (scheduling.md §3). */
  readonly affinities: readonly string[];
  readonly constraints: readonly string[];
  readonly whitelists: readonly string[];
  /** Empty when `hostNetwork`: Docker ignores bindings then. */
  readonly portBindings: readonly PortBinding[];
  /** `HostConfig.NetworkMode` is `host`. */
  readonly hostNetwork: boolean;
  /** Keys of `ExposedPorts`; only meaningful with `hostNetwork`. */
  readonly exposedPorts: readonly string[];
  /** References to containers which must live on the same engine. */
  readonly dependencies: readonly Dependency[];
  readonly memoryBytes: number;
  /** Whole CPUs (scheduling.md §3 resources, §11 B8). */
  readonly cpus: number;
  /**
   * Engines must hold one of these image references, beyond the user's own affinities: set by the image-affinity retry and for
   * images given by id (§8, B9, B11). Never soft, never listed as a user's condition. Empty: asks nothing.
   */
  readonly requiredImages: readonly string[];
  /** Networks of single engines which the container joins: elsewhere it could be created, but not started. Never soft, never listed as a condition. */
  readonly localNetworks: readonly LocalNetwork[];
  /** Engines (by candidate id) already tried and refused, e.g. a host port held outside our sight. */
  readonly excludedEngines: ReadonlySet<string>;
  /** Nothing is to run or be at home there, such as a look into a registry: nodes that are paused or drained will do. */
  readonly anyAvailability: boolean;
}

/** A network that only some engines have, each its own. */
export interface LocalNetwork {
  readonly name: string;
  /** Those that have it: `host:port` to name; at least one. */
  readonly nodes: ReadonlyMap<string, string>;
}

export interface Dependency {
  readonly kind: "volumes-from" | "link" | "net" | "pid" | "ipc";
  /** As the user wrote it, e.g. `db:ro`, `web:alias`, `container:x`. */
  readonly raw: string;
  /** The container reference inside it, e.g. `db`, `web`, `x`. */
  readonly reference: string;
}

/** A container as placement sees it, or a reservation whose container does not exist yet (`pending`). */
export interface CandidateContainer {
  /** 64 hex; `""` while pending. */
  readonly id: string;
  /** `com.docker.swarm.id`, or `""`. */
  readonly swarmId: string;
  /** Without the leading slash; the first is the name proper, others may be link aliases (`l2/al`). May be empty. */
  readonly names: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly pending: boolean;
}

export interface CandidateImage {
  /** `sha256:…` */
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
}

/**
 * One engine as a scheduling decision sees it. A live view, valid only within one synchronous decision: nothing is copied,
 * so read it and let go. Collections are owned by the engine's index; never mutate them.
 */
export interface Candidate {
  /** `<engine ID>|<host:port>` (node-lifecycle.md §2). */
  readonly id: string;
  /** The engine's own ID, bare. */
  readonly engineId: string;
  /** `host:port`. */
  readonly addr: string;
  readonly name: string;
  readonly availability: Availability;
  /** Built-in labels, those given at run time and the engine's own (scheduling.md §6.4). */
  readonly labels: ReadonlyMap<string, string>;
  /** 0 (not healthy) to 100 (scheduling.md §7.1). */
  readonly healthIndicator: number;
  /** All states, foreign ones and reservations included. */
  readonly containerCount: number;
  readonly containers: Iterable<CandidateContainer>;
  readonly images: Iterable<CandidateImage>;
  /** Requested bindings and actual ports of all containers, stopped ones and reservations included; entries with an empty `hostPort` are absent. */
  readonly usedPorts: Iterable<UsedPort>;
  /** Keys exposed by host-network containers, reservations included (`pending`). */
  readonly hostModePorts: Iterable<HostModePort>;
  /** With overcommit applied (§7.1). */
  readonly totalMemoryBytes: number;
  readonly totalCpus: number;
  readonly usedMemoryBytes: number;
  readonly usedCpus: number;
  /** Does a container reference (api.md §3.1: id, short id, swarm id, name, node/name, unique prefix) resolve on this engine? */
  hasContainer(reference: string): boolean;
}

/** Scheduler settings that change what filters accept. */
export interface SchedulingRules {
  /**
   * `classic` (default): exactly the contract's tables. `modern`: the improvements that change a row of those tables: ports told apart by
   * protocol and across host/bridge mode, `container==` by short id, `node==` by bare engine ID, `image==` by short id and digest, and `@ { } ,` in
   * values. Set by `--cluster-opt swarm.rules=modern`.
   */
  readonly modern: boolean;
}

export interface PrepareOptions {
  /** Soft expressions given up so far, by their `softKey` (filters/expression.ts); they are listed but not applied. */
  readonly droppedSoft: ReadonlySet<string>;
  readonly rules: SchedulingRules;
}

/** Rules out engines that cannot host a container. Pure: no I/O, no clock, nothing kept between calls. */
export interface Filter {
  /** The name in `--filter`, in `/info`, in logs and in docs/filters.md. */
  readonly name: FilterName;
  /**
   * Reads the request once. `undefined`: this request asks nothing of this filter.
   * @throws ExpressionError when an expression of this filter cannot be parsed
   */
  prepare(request: PlacementRequest, options: PrepareOptions): Check | undefined;
}

/** What decides whether a candidate may be taken. */
export interface Admission {
  admits(candidate: Candidate): boolean;
  /** The same in parts that are asked of an index: all of them admit a candidate exactly when `admits` does. Absent: every candidate is looked at. */
  readonly terms?: readonly Term[];
}

/** Parts of a candidate that change apart: identity, labels, health and availability; containers, reservations and their ports; images. */
export type Facts = "node" | "containers" | "images";

/** One thing asked of a candidate, whose answers may be kept and looked up (src/scheduler/pool). */
export interface Term {
  /** Terms of one key give the same answers; `""`: not worth keeping. */
  readonly key: string;
  /** An answer stands until one of these changes. */
  readonly reads: readonly Facts[];
  admits(candidate: Candidate): boolean;
  /** How to find the answers without looking at every candidate; only where there is a quicker way. */
  readonly shortcut?: Shortcut;
}

export type Shortcut = Look | TextQuery;

/** Only the candidates found in these places are looked at; all others are as `elsewhere` says. */
export interface Look {
  readonly kind: "look";
  /** Whether candidates found nowhere are admitted. */
  readonly elsewhere: boolean;
  readonly places: readonly Place[];
}

/** Candidates with an item of this text; or, for `nodes`, with this name, ID or address; or, for `references`, with a container it may mean. */
export interface Place {
  readonly in: Dimension | "nodes" | "references";
  readonly text: string;
}

/** Admits the candidates of which some item's text matches; or those of which none does, with `wanted` false. */
export interface TextQuery {
  readonly kind: "texts";
  readonly dimension: Dimension;
  readonly pattern: TextPattern;
  readonly wanted: boolean;
}

/** What texts are compared with. */
export interface TextPattern {
  /** The same for patterns that match the same texts. */
  readonly source: string;
  /** The only text it matches; undefined when there may be others. */
  readonly literal: string | undefined;
  matches(text: string): boolean;
}

/** The lists of a candidate. */
export interface Items {
  readonly containers: CandidateContainer;
  readonly images: CandidateImage;
  readonly usedPorts: UsedPort;
  readonly hostModePorts: HostModePort;
}

/** One reading of a list's items as texts: the names of containers, the values of a label. */
export interface Dimension<K extends keyof Items = keyof Items> {
  /** The same for the same reading. */
  readonly name: string;
  readonly of: K;
  /** Does `test` hold for one of the item's texts? Asks in order and stops at the first. The same item on a node of this name has the same texts. */
  someText(item: Items[K], node: string, test: (text: string) => boolean): boolean;
}

export interface Check extends Admission {
  /** What was asked, in words of the contract: `port 80 (Bridge mode)`, `node==n1`. */
  readonly conditions: readonly string[];
  /** Why this candidate was refused, for the explanation: `port 80 is held by web`. Called only for refused candidates, after the decision. */
  explain(candidate: Candidate): string;
}

export type FilterName =
  "health" | "port" | "containerslots" | "dependency" | "affinity" | "constraint" | "whitelist";
export type StrategyName = "spread" | "binpack" | "random";

/** Orders the candidates that fit, best first. Pure; `random` takes its generator as an argument. */
export interface Strategy {
  readonly name: StrategyName;
  /** Those that fit, best first; a total order (ties end at the natural order of names). Empty: nothing fits. */
  rank(
    request: PlacementRequest,
    candidates: readonly Candidate[],
    random: () => number,
  ): readonly Candidate[];
  /** The slot of the one that `rank` puts first; -1: nothing fits. Draws from `random` no more than `rank` does. */
  best(request: PlacementRequest, loads: Loads, random: () => number): number;
}

/** What strategies weigh, in columns: entry `n` belongs to the candidate in slot `n`. */
export interface Loads {
  /** Who is to be chosen from, 32 slots a word (src/scheduler/pool/bits.ts). */
  readonly among: Uint32Array;
  readonly healthIndicator: Uint8Array;
  readonly containerCount: Float64Array;
  readonly totalMemoryBytes: Float64Array;
  readonly usedMemoryBytes: Float64Array;
  readonly totalCpus: Float64Array;
  readonly usedCpus: Float64Array;
  /** The candidate's place in the natural order of names, then addresses. */
  readonly nameOrder: Int32Array;
}

/** The outcome of a placement. "Nobody fits" is a value, not an exception. */
export type PlacementResult =
  /** Best first. Only the best one where no more was asked for. */
  | { readonly kind: "placed"; readonly ranked: readonly [Candidate, ...Candidate[]] }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export interface Refusal {
  /** The contract's text (scheduling.md §6): may have several lines. */
  readonly message: string;
  /** Our addition, one line per rule: how many nodes it ruled out and the nearest miss. */
  readonly explanation: readonly string[];
}
