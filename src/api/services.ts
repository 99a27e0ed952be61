import type { Logger } from "pino";
import type { Cluster } from "../cluster/cluster.ts";
import type { ManageConfig } from "../config.ts";
import type { EventHub } from "../events/event-hub.ts";
import type { Membership } from "../membership/membership.ts";
import type { NodeBook } from "../nodes/node-book.ts";
import type { ManagerRole } from "../replication/manager-role.ts";
import type { DrainView } from "../reschedule/drain/drain-view.ts";
import type { Moves } from "../reschedule/ports.ts";
import type { Rebalancer } from "../reschedule/rebalance/rebalancer.ts";
import type { AbsentContainers } from "../reschedule/wanted/absent-containers.ts";
import type { UserWishes } from "../reschedule/wanted/user-wishes.ts";
import type { AccessControl } from "./access/access-control.ts";
import type { Builders } from "./build/builders.ts";
import type { ClientPulls } from "./client-pulls.ts";
import type { ImageCopies } from "./images/copy.ts";
import type { OpenStreams } from "./containers/open-streams.ts";
import type { CreateIntents } from "./containers/create-intents.ts";
import type { NameClashes } from "./containers/name-clashes.ts";
import type { OrphanCreates } from "./containers/orphan-creates.ts";

/** What handlers work with. Made once by `src/app.ts`. */
export interface Services {
  readonly cluster: Cluster;
  readonly membership: Pick<Membership, "warnings">;
  readonly hub: EventHub;
  readonly config: ManageConfig;
  /** Undefined: whoever gets in may do everything. */
  readonly access: AccessControl | undefined;
  readonly log: Logger;
  /** `swarm/<version>` without the prefix. */
  readonly version: string;
  readonly streams: OpenStreams;
  readonly intents: CreateIntents;
  readonly orphans: OrphanCreates;
  readonly clashes: Pick<NameClashes, "makes" | "failed">;
  readonly pulls: ClientPulls;
  readonly builders: Builders;
  readonly copies: ImageCopies;
  /** Primary or replica. */
  readonly role: ManagerRole;
  /** What operators said about nodes. */
  readonly nodes: NodeBook;
  /** Hears what users want of containers that may be moved. */
  readonly wishes: UserWishes;
  /** Containers that are wanted though no node shows them. */
  readonly absent: Pick<AbsentContainers, "known" | "holderOf" | "find" | "forget">;
  readonly moves: Moves;
  readonly drains: DrainView;
  readonly rebalancer: Pick<Rebalancer, "strategy" | "plan" | "run">;
}
