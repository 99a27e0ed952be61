/**
 * Log messages that scripts search for (spec: cli.md §6.2). Levels and fields stand beside each: pass the fields to the logger,
 * never into the text.
 */
export const messages = {
  /** info; addr, proto. Before the bind. */
  listening: "Listening for HTTP",
  /** info. */
  discoveryWithoutTls: "Initializing discovery without TLS",
  /** info. */
  discoveryWithTls: "Initializing discovery with TLS",
  /** info. */
  registeredEngine: (name: string, addr: string) => `Registered Engine ${name} at ${addr}`,
  /** info. The name may be empty. */
  removedEngine: (name: string) => `Removed Engine ${name}`,
  /** error; name, id. */
  engineUnhealthy: (failures: number) => `Flagging engine as unhealthy. Connect failed ${failures} times`,
  /** info; name, id. */
  engineBack: (retries: number) => `Engine came back to life after ${retries} retries. Hooray!`,
  /** error; error, name, id. */
  eventStreamBroken: "error monitoring events, will restart",
  /** error; name, id. */
  updateSpecsFailed: (error: string) => `Update engine specs failed: ${error}`,
  /** error. */
  duplicateId: (id: string, first: string, second: string) =>
    `ID duplicated. ${id} shared by ${first} and ${second}`,
  /** warn. */
  unsynchronizedClock: (id: string, addr: string) =>
    `Engine (ID: ${id}, Addr: ${addr}) has unsynchronized systime with swarm, please synchronize it.`,
  /** error. */
  discoveryError: (error: string) => `Discovery error: ${error}`,
  /** debug; discovery. */
  discoveryWatch: (nodes: number) => `Watch triggered with ${nodes} nodes`,
  /** debug. */
  discoveryAdd: (addr: string) => `Discovery: add engine ${addr}`,
  /** debug. */
  discoveryRemove: (addr: string) => `Discovery: remove engine ${addr}`,
  /** warn, once per distinct error; Addr. */
  pendingNodeInvalid: (error: string) => `Failed to validate pending node: ${error}`,
  /** error; error, NodeID, NodeName. */
  createFailed: "Failed to create container",
  /** warn; Name. */
  createRetried: (error: string) => `Failed to create container: ${error}, retrying`,
  /** info. Full IDs, also in those that follow. */
  rescheduled: (id: string, from: string, to: string, newId: string) =>
    `Rescheduled container ${id} from ${from} to ${to} as ${newId}`,
  /** info. */
  startingRescheduled: (id: string, newId: string) =>
    `Container ${id} was running, starting container ${newId}`,
  /** error, once per distinct text; Name. */
  rescheduleFailed: (id: string, error: string) => `Failed to reschedule container ${id}: ${error}`,
  /** error. */
  rescheduledNotStarted: (newId: string, error: string) =>
    `Failed to start rescheduled container ${newId}: ${error}`,
  /** warn. */
  endpointNotRemoved: (name: string, error: string) =>
    `Failed to remove network endpoint from old container ${name}: ${error}`,
  /** warn. */
  networkNotConnected: (network: string, name: string, error: string) =>
    `Failed to connect network ${network} to container ${name}: ${error}`,
  /** error. */
  duplicateNotRemoved: (id: string, node: string, error: string) =>
    `Failed to remove duplicate container ${id} on node ${node}: ${error}`,
  /** debug. At the beginning of each term. */
  watchdogEnabled: "Watchdog enabled",
  /** debug. Once per outage. */
  nodeFailed: (id: string) => `Node ${id} failed - rescheduling containers`,
  /** debug. Once per outage. */
  rescheduleSkipped: (id: string) => `Skipping rescheduling of ${id} based on rescheduling policies`,
  /** debug. When a node comes, or comes back. */
  removingDuplicates: (id: string) => `removing duplicate containers from Node ${id}`,
  /** debug. */
  removingDuplicate: (id: string, node: string) =>
    `container ${id} was rescheduled on node ${node}, removing it`,
  /** error; status. */
  httpError: (body: string) => `HTTP error: ${body}`,
  /** debug; method, uri. */
  httpRequest: "HTTP request received",
  /** debug. */
  proxyRequest: "Proxy request",
  /** debug; addr. */
  proxyHijack: "Proxy hijack request",
  /** debug; name, id. */
  engineUpdated: "Engine update succeeded",
  /** info; addr, discovery. Every time `join` registers. */
  registering: (heartbeat: string) => `Registering on the discovery service every ${heartbeat}...`,
  /** info. */
  randomDelay: (delay: string) => `Add a random delay ${delay} to avoid synchronized registration`,
  /** info; addr, discovery, failures. */
  registeredAgain: "registered, after failures",
  /** warn; addr, discovery. */
  entryVanished: "the entry vanished from the discovery service: registering again",
  /** info; addr, discovery. */
  deregistered: "the entry is removed from the discovery service",
  /** warn; addr, discovery, error. */
  notDeregistered: (ttl: string) => `the entry could not be removed: it ends within its TTL (${ttl})`,
  /** warn, once per distinct reason until an engine answers. */
  engineSilent: (addr: string, reason: string) =>
    `no Docker engine answers at ${addr}: ${reason}: managers will not reach it; registering all the same`,
  /** info, after such a warning. */
  engineAnswers: (addr: string) => `a Docker engine answers at ${addr}`,
  /** info; term. */
  leadershipAcquired: "Leader Election: Cluster leadership acquired",
  /** info; term. Once at every start too, as the original says it. */
  leadershipLost: "Leader Election: Cluster leadership lost",
  /** info. On each change to somebody who leads, ourselves included. */
  newLeader: (addr: string) => `New leader elected: ${addr}`,
  /** error, once per outage; error. */
  leaderWatchClosed: "Leader Election: watch leader channel closed, the store may be unavailable...",
  /** error, each text once a minute; error. Standing for election goes on. */
  electionError: "the store cannot be asked for the lock: standing for election goes on",
  /** warn, once; asked, gets. */
  leaseRaised:
    "the store keeps the lock longer than --replication-ttl: after the death of the primary others wait for that long",
  /** warn; error, term. */
  termNotCounted: "the number of this term could not be counted on from the last one",
  /** warn, once per distinct value. */
  leaderNotAnAddress: "the leader's key holds something that is no address: ignored",
  /** error, once a minute while it lasts; advertise, other. */
  sameAdvertise:
    "another manager has the same --advertise: each of them takes the other's leadership for its own; give every manager its own address",
  /** info; term. Managers without replication that share a store. */
  keeperAcquired: "this manager keeps containers where they are wanted",
  /** info; term. */
  keeperLost: "this manager no longer keeps containers where they are wanted",
  /** warn, once. */
  oddAddress: (addr: string, caution: string) =>
    `other machines cannot reach ${addr}: ${caution}; give --advertise an address that managers can dial`,
} as const;
