import type { FlagTable } from "../flag-parser.ts";
import { manageFlags } from "../flags.ts";
import { connectionFlags } from "../operator/flags.ts";

/** Flags of `swarm simulate` and its commands. docs/cli.md explains them at length. */

const { tls, tlsverify, tlscacert, tlscert, tlskey, help } = connectionFlags;

export const simulateFlags = {
  engines: {
    kind: "int",
    value: 10,
    help: "how many engines to simulate, with containers of a made-up company",
  },
  containers: { kind: "int", value: 10, help: "how many containers each of them has" },
  file: { kind: "string", value: "", help: "YAML file of the cluster to simulate" },
  from: { kind: "string", value: "", help: "running manager to copy, tcp://<host>:<port>; it is only read" },
  save: { kind: "string", value: "", help: "write what --from copies into this file, for --file, and end" },
  host: {
    kind: "string",
    value: "tcp://127.0.0.1:3376",
    aliases: ["H"],
    help: "address the simulation's manager listens on",
  },
  expose: { kind: "bool", value: false, help: "let --host be an address that other machines reach" },
  "engine-port": {
    kind: "int",
    value: 2375,
    help: "port of all engines, each has an address 127.1.x.y; 0: free ports of 127.0.0.1",
  },
  "engines-only": { kind: "bool", value: false, help: "start no manager, and show how to start one" },
  strategy: manageFlags.strategy,
  filter: manageFlags.filter,
  "cluster-opt": manageFlags["cluster-opt"],
  "engine-refresh-min-interval": manageFlags["engine-refresh-min-interval"],
  "engine-refresh-max-interval": manageFlags["engine-refresh-max-interval"],
  "engine-failure-retry": manageFlags["engine-failure-retry"],
  tls: { ...tls, help: "--from: use TLS without verifying the manager" },
  tlsverify: { ...tlsverify, help: "--from: use TLS and verify the manager [$DOCKER_TLS_VERIFY]" },
  tlscacert,
  tlscert,
  tlskey,
  help,
} as const satisfies FlagTable;

/** Of the commands that talk to a running simulation. */
export const simulationFlags = {
  host: {
    kind: "string",
    value: "",
    aliases: ["H"],
    help: "address of the simulation's manager; needed where several simulations run",
  },
  help,
} as const satisfies FlagTable;

export const simulationListFlags = {
  format: { kind: "string", value: "table", help: "how to print: table, json (one object a line)" },
  ...simulationFlags,
} as const satisfies FlagTable;
