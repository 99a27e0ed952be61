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
  replication: {
    kind: "bool",
    value: false,
    help: "share the cluster with other managers, one of which acts",
  },
  "replication-ttl": { kind: "string", value: "20s", help: "how long the leader's lock lives without it" },
  advertise: { ...advertise, help: "address other managers reach this one at" },
  tls: { kind: "bool", value: false, help: "use TLS without verifying peers" },
  tlscacert: { kind: "string", value: "", help: "PEM file of the only CAs to trust" },
  tlscert: { kind: "string", value: "", help: "PEM file of this manager's certificate" },
  tlskey: { kind: "string", value: "", help: "PEM file of this manager's private key" },
  tlsverify: { kind: "bool", value: false, help: "use TLS and verify peers" },
  "authz-policy": { kind: "string", value: "", help: "file of the roles that client certificates have" },
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
  "state-dir": {
    kind: "string",
    value: "auto",
    env: "SWARM_STATE_DIR",
    help: "directory that keeps what must outlive the manager; auto: in ~/.swarm, none: only memory does",
  },
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

export const createFlags = {
  service: {
    kind: "string",
    value: "",
    help: "URL of the token service, such as https://discovery.example:2385 [$SWARM_DISCOVERY_SERVICE]",
  },
  "discovery-opt": discoveryOption,
  ...helpFlag,
} as const satisfies FlagTable;

export const discoveryServiceFlags = {
  host: { kind: "list", value: ["tcp://127.0.0.1:2385"], aliases: ["H"], help: "address to listen on" },
  "data-dir": { kind: "string", value: "/var/lib/swarm-discovery", help: "folder that keeps the clusters" },
  tlscert: {
    kind: "string",
    value: "",
    help: "PEM file of the certificate; with it the service speaks https",
  },
  tlskey: { kind: "string", value: "", help: "PEM file of its private key" },
  tlscacert: { kind: "string", value: "", help: "PEM file of the CAs of clients" },
  tlsverify: { kind: "bool", value: false, help: "serve only clients with a certificate" },
  "max-clusters": { kind: "int", value: 10_000, help: "most clusters" },
  "max-entries": { kind: "int", value: 10_000, help: "most entries of a cluster" },
  "max-total-entries": { kind: "int", value: 200_000, help: "most entries of all clusters together" },
  "max-ttl": { kind: "string", value: "168h", help: "longest life of an entry that is not renewed" },
  "keep-empty": { kind: "string", value: "2160h", help: "how long a cluster without entries is kept" },
  "create-rate": { kind: "int", value: 10, help: "new clusters a minute from one address; 0: any number" },
  "register-rate": {
    kind: "int",
    value: 6000,
    help: "registrations a minute from one address; 0: any number",
  },
  "read-rate": { kind: "int", value: 6000, help: "listings a minute from one address; 0: any number" },
  "trusted-proxies": {
    kind: "int",
    value: 0,
    help: "reverse proxies in front that tell the client's address",
  },
  "max-connections": { kind: "int", value: 4096, help: "most connections of a listener at a time" },
  ...helpFlag,
} as const satisfies FlagTable;

/** Of `health`, and of `help`, which run.ts answers. */
export const helpFlags = helpFlag;
