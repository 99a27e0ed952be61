import type { ContainerSeed, EngineOptions } from "./types.ts";

/** What runs on a simulated cluster: a few dozen applications, as a company's cluster has them. */
interface Service {
  readonly project: string;
  readonly service: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly tier: string;
  /** The container's port, where the service publishes one. */
  readonly port?: number;
  readonly memoryBytes?: number;
  readonly nanoCpus?: number;
}

const MIB = 1024 ** 2;

// prettier-ignore
const SERVICES: readonly Service[] = [
  { project: "shop",    service: "frontend", image: "nginx:1.27",          command: ["nginx", "-g", "daemon off;"],  tier: "web",   port: 80,   memoryBytes: 128 * MIB },
  { project: "shop",    service: "cart",     image: "registry/shop/cart:2.4", command: ["tail", "-f", "/dev/null"], tier: "app",   nanoCpus: 250_000_000, memoryBytes: 256 * MIB },
  { project: "shop",    service: "orders",   image: "registry/shop/orders:5.0", command: ["tail", "-f", "/dev/null"], tier: "app", nanoCpus: 250_000_000, memoryBytes: 512 * MIB },
  { project: "shop",    service: "sessions", image: "redis:7",             command: ["redis-server"],                tier: "cache", memoryBytes: 512 * MIB },
  { project: "search",  service: "query",    image: "registry/search/query:1.18", command: ["tail", "-f", "/dev/null"], tier: "app", port: 9200, memoryBytes: 1024 * MIB },
  { project: "search",  service: "indexer",  image: "registry/search/indexer:1.18", command: ["tail", "-f", "/dev/null"], tier: "batch", nanoCpus: 500_000_000 },
  { project: "billing", service: "api",      image: "registry/billing/api:9.1", command: ["tail", "-f", "/dev/null"], tier: "app", port: 8443, memoryBytes: 256 * MIB },
  { project: "billing", service: "worker",   image: "registry/billing/worker:9.1", command: ["tail", "-f", "/dev/null"], tier: "batch" },
  { project: "metrics", service: "agent",    image: "registry/ops/agent:3",  command: ["top"],                       tier: "ops",   memoryBytes: 64 * MIB },
  { project: "metrics", service: "shipper",  image: "registry/ops/shipper:3", command: ["top"],                      tier: "ops" },
];

const TEAMS = ["checkout", "discovery", "finance", "platform"];
const REGIONS = ["us-east", "us-west", "eu-central", "ap-south"];

/** The images a simulated cluster's engines hold, `busybox` for what the benchmark creates included. */
export const WORKLOAD_IMAGES: readonly string[] = ["busybox", ...new Set(SERVICES.map(({ image }) => image))];

/** How many engines share a rack, and racks a zone. */
const PER_RACK = 25;

/**
 * One engine of a simulated cluster with so many running containers: names unique in the cluster, labels as Compose writes them,
 * some with ports and limits. Always the same for the same index.
 * @param index from 0
 */
export function workloadEngine(index: number, containers: number): Omit<EngineOptions, "port"> {
  const rack = Math.floor(index / PER_RACK);
  return {
    name: `node-${index + 1}`,
    cpus: 64,
    memoryBytes: 256 * 1024 * MIB,
    images: WORKLOAD_IMAGES,
    labels: {
      region: REGIONS[index % REGIONS.length] ?? "",
      zone: `zone-${rack % 8}`,
      rack: `rack-${rack}`,
      storage: index % 3 === 0 ? "disk" : "ssd",
      generation: String(7 + (index % 4)),
    },
    containers: Array.from({ length: containers }, (_, slot) => workloadSeed(index, slot)),
    keepRequests: 0,
  };
}

function workloadSeed(engine: number, slot: number): ContainerSeed {
  const given = SERVICES[(engine + slot) % SERVICES.length];
  if (given === undefined) throw new Error("there are services");
  const { project, service, image, command, tier, port, memoryBytes, nanoCpus } = given;
  const name = `${project}-${service}-${engine + 1}-${slot + 1}`;
  return {
    name,
    image,
    command,
    labels: {
      "com.docker.compose.project": project,
      "com.docker.compose.service": service,
      team: TEAMS[(engine + slot) % TEAMS.length] ?? "",
      tier,
    },
    env: [`SERVICE=${service}`, `INSTANCE=${name}`, "LOG_LEVEL=info", `PEERS=${project}.internal:7946`],
    ...(port !== undefined && { ports: { [`${port}/tcp`]: String(20_000 + slot) } }),
    hostConfig: {
      RestartPolicy: { Name: "unless-stopped", MaximumRetryCount: 0 },
      ...(memoryBytes !== undefined && { Memory: memoryBytes }),
      ...(nanoCpus !== undefined && { NanoCpus: nanoCpus }),
    },
  };
}
