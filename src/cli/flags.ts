import type { FlagTable } from "./flag-parser.ts";

/** Every flag of every command (spec: cli.md §1.1, §3–5). docs/cli.md explains them at length. */

/** Flags before the command word. */
export const globalFlags = {
  debug: { kind: "bool", value: false, env: "DEBUG", help: "log at level debug" },
  "log-level": {
    kind: "string",
    value: "info",
    aliases: ["l"],
    help: "least level to log: debug, info, warn, error, fatal, panic",
  },
  experimental: { kind: "bool", value: false, help: "announce the cluster as experimental" },
  help: { kind: "bool", value: false, aliases: ["h"], help: "show this help" },
  version: { kind: "bool", value: false, aliases: ["v"], help: "show the version" },
} as const satisfies FlagTable;

/** Every command has it; no help lists it. */
const helpFlag = {
  help: { kind: "bool", value: false, aliases: ["h"], help: "show this help" },
} as const satisfies FlagTable;

const discoveryOption = {
  kind: "list",
  value: [],
  help: "option of the discovery service, key=value",
} as const;
const advertise = { kind: "string", value: "", aliases: ["addr"], env: "SWARM_ADVERTISE" } as const;

export const manageFlags = {
  strategy: { kind: "string", value: "spread", help: "placement strategy: spread, binpack, random" },
  filter: {
    kind: "list",
    value: ["health", "port", "containerslots", "dependency", "affinity", "constraint", "whitelist"],
    aliases: ["f"],
    help: "filter to apply, in order: health, port, containerslots, dependency, affinity, constraint, whitelist",
  },
  host: {
    kind: "list",
    value: ["tcp://127.0.0.1:2375"],
    aliases: ["H"],
    env: "SWARM_HOST",
    help: "address or unix socket to listen on",
  },
  replication: { kind: "bool", value: false, help: "share the cluster among managers (not available yet)" },
  "replication-ttl": { kind: "string", value: "20s", help: "how long the leader's lock lives without it" },
  advertise: { ...advertise, help: "address other managers reach this one at" },
  tls: { kind: "bool", value: false, help: "use TLS without verifying peers (not available yet)" },
  tlscacert: { kind: "string", value: "", help: "PEM file of the only CAs to trust" },
  tlscert: { kind: "string", value: "", help: "PEM file of this manager's certificate" },
  tlskey: { kind: "string", value: "", help: "PEM file of this manager's private key" },
  tlsverify: { kind: "bool", value: false, help: "use TLS and verify peers (not available yet)" },
  "engine-refresh-min-interval": {
    kind: "string",
    value: "30s",
    help: "shortest time between two refreshes of an engine",
  },
  "engine-refresh-max-interval": {
    kind: "string",
    value: "60s",
    help: "longest time between two refreshes of an engine",
  },
  "engine-failure-retry": { kind: "int", value: 3, help: "failures in a row that make an engine unhealthy" },
  "engine-refresh-retry": { kind: "int", value: 3, help: "deprecated, see --engine-failure-retry" },
  heartbeat: { kind: "string", value: "60s", help: "time between two looks at the discovery service" },
  "api-enable-cors": {
    kind: "bool",
    value: false,
    aliases: ["cors"],
    help: "allow browsers of any origin to use the API",
  },
  "cluster-driver": { kind: "string", value: "swarm", aliases: ["c"], help: "cluster driver: swarm" },
  "discovery-opt": discoveryOption,
  "cluster-opt": { kind: "list", value: [], help: "option of the cluster, key=value" },
  "refresh-on-node-filter": {
    kind: "bool",
    value: false,
    help: "refresh an engine before listing containers with --filter node=<engine>",
  },
  "container-name-refresh-filter": {
    kind: "string",
    value: "",
    help: "refresh all engines before listing containers with --filter name=<this value>",
  },
  ...helpFlag,
} as const satisfies FlagTable;

export const joinFlags = {
  advertise: { ...advertise, help: "address managers reach the engine at" },
  heartbeat: { kind: "string", value: "60s", help: "time between two registrations" },
  ttl: { kind: "string", value: "180s", help: "how long an entry lives without being renewed" },
  delay: { kind: "string", value: "0s", help: "longest random wait before the first registration" },
  "discovery-opt": discoveryOption,
  ...helpFlag,
} as const satisfies FlagTable;

export const listFlags = {
  timeout: { kind: "string", value: "10s", help: "how long to wait for the discovery service" },
  "discovery-opt": discoveryOption,
  ...helpFlag,
} as const satisfies FlagTable;

export const createFlags = helpFlag;
