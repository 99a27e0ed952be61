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
  /** warn, once. */
  oddAddress: (addr: string, caution: string) =>
    `other machines cannot reach ${addr}: ${caution}; give --advertise an address that managers can dial`,
} as const;
