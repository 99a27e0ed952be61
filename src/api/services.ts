import type { Logger } from "pino";
import type { Cluster } from "../cluster/cluster.ts";
import type { ManageConfig } from "../config.ts";
import type { EventHub } from "../events/event-hub.ts";
import type { Membership } from "../membership/membership.ts";
import type { AccessControl } from "./access/access-control.ts";
import type { Builders } from "./build/builders.ts";
import type { ClientPulls } from "./client-pulls.ts";
import type { ImageCopies } from "./images/copy.ts";
import type { OpenStreams } from "./containers/open-streams.ts";
import type { CreateIntents } from "./containers/create-intents.ts";

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
  readonly pulls: ClientPulls;
  readonly builders: Builders;
  readonly copies: ImageCopies;
}
