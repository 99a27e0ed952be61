import type { FlagTable } from "../flag-parser.ts";

/** Flags of the commands that talk to a running manager. docs/cli.md explains them at length. */

export const connectionFlags = {
  host: {
    kind: "string",
    value: "tcp://127.0.0.1:2375",
    aliases: ["H"],
    env: "DOCKER_HOST",
    help: "address or unix socket of the manager",
  },
  tls: { kind: "bool", value: false, help: "use TLS without verifying the manager" },
  tlsverify: { kind: "bool", value: false, help: "use TLS and verify the manager [$DOCKER_TLS_VERIFY]" },
  tlscacert: { kind: "string", value: "", help: "PEM file of the CAs to trust [$DOCKER_CERT_PATH/ca.pem]" },
  tlscert: {
    kind: "string",
    value: "",
    help: "PEM file of the client's certificate [$DOCKER_CERT_PATH/cert.pem]",
  },
  tlskey: { kind: "string", value: "", help: "PEM file of its private key [$DOCKER_CERT_PATH/key.pem]" },
  help: { kind: "bool", value: false, aliases: ["h"], help: "show this help" },
} as const satisfies FlagTable;

const format = {
  kind: "string",
  value: "table",
  help: "how to print: table, json (one object a line)",
} as const;
const noTrunc = { kind: "bool", value: false, help: "print IDs and texts in full" } as const;

export const nodeListFlags = {
  quiet: { kind: "bool", value: false, aliases: ["q"], help: "print IDs only" },
  format,
  "no-trunc": noTrunc,
  ...connectionFlags,
} as const satisfies FlagTable;

export const nodeInspectFlags = {
  pretty: { kind: "bool", value: false, help: "print for people, not programs" },
  ...connectionFlags,
} as const satisfies FlagTable;

export const nodeUpdateFlags = {
  availability: {
    kind: "string",
    value: "",
    help: "active: takes containers; pause: takes no new ones; drain: gives away those it may, too",
  },
  "label-add": { kind: "list", value: [], help: "add or change a label, key=value" },
  "label-rm": { kind: "list", value: [], help: "remove a label" },
  "drain-deadline": { kind: "string", value: "10m", help: "how long a drain tries to move containers" },
  detach: { kind: "bool", value: false, aliases: ["d"], help: "do not wait until the node is drained" },
  ...connectionFlags,
} as const satisfies FlagTable;

export const rescheduleListFlags = {
  quiet: { kind: "bool", value: false, aliases: ["q"], help: "print swarm IDs only" },
  format,
  "no-trunc": noTrunc,
  ...connectionFlags,
} as const satisfies FlagTable;

export const rescheduleRetryFlags = connectionFlags;

export const rebalanceFlags = {
  "dry-run": { kind: "bool", value: false, help: "only show the moves and what they gain" },
  max: { kind: "int", value: 10, help: "most moves, 1 to 1000" },
  parallel: { kind: "int", value: 1, help: "moves at once, 1 to 16" },
  yes: { kind: "bool", value: false, aliases: ["y"], help: "do not ask first" },
  format: { kind: "string", value: "table", help: "how --dry-run prints: table, json" },
  ...connectionFlags,
} as const satisfies FlagTable;

export const leaderFlags = {
  quiet: { kind: "bool", value: false, aliases: ["q"], help: "print the primary's address only" },
  format: { kind: "string", value: "table", help: "how to print: table, json" },
  ...connectionFlags,
} as const satisfies FlagTable;

/** Of the words that only stand before others: `node`, `reschedule`. */
export const groupFlags = {
  help: connectionFlags.help,
} as const satisfies FlagTable;

/** The values of the flags all of them have. */
export interface ConnectionFlags {
  readonly host: string;
  readonly tls: boolean;
  readonly tlsverify: boolean;
  readonly tlscacert: string;
  readonly tlscert: string;
  readonly tlskey: string;
}
