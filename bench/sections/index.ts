import { attachedSection } from "./attached.ts";
import { createSection } from "./create.ts";
import { eventsSection } from "./events.ts";
import { failoverSection } from "./failover.ts";
import { hijackSection } from "./hijack.ts";
import { idleSection } from "./idle.ts";
import { infoSection } from "./info.ts";
import { inspectSection } from "./inspect.ts";
import { listSection } from "./list.ts";
import { schedulerSection } from "./scheduler.ts";
import { soakSection } from "./soak.ts";
import { startSection } from "./start.ts";
import { streamsSection } from "./streams.ts";
import type { Section } from "./types.ts";

/** In the order in which `all` runs them. */
export const sections: readonly Section[] = [
  startSection,
  idleSection,
  listSection,
  inspectSection,
  infoSection,
  createSection,
  eventsSection,
  streamsSection,
  hijackSection,
  attachedSection,
  failoverSection,
  schedulerSection,
  soakSection,
];
