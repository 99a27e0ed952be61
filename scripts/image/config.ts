/** What runs when nothing else is asked for. The Dockerfile says the same; test/scripts/image compares the two. */
export const runtime = {
  entrypoint: ["/swarm"],
  command: ["--help"],
  environment: {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    NODE_ENV: "production",
    SWARM_HOST: ":2375",
    SWARM_HEALTH_FILE: "/tmp/swarm-health.json",
  },
  /** Plain TCP, as `SWARM_HOST` has it. */
  port: "2375/tcp",
  volume: "/.swarm",
  health: {
    command: ["/swarm", "health"],
    everySeconds: 15,
    withinSeconds: 10,
    startSeconds: 30,
    retries: 3,
  },
} as const;

/** What tells one image from another. */
export interface ImageFacts {
  readonly version: string;
  readonly description: string;
  readonly license: string;
  /** The commit it was built from, if it was built from one and nothing else. */
  readonly revision: string | undefined;
  /** Node's name for the processor: `x64`. */
  readonly arch: string;
  /** `sha256:…` of the uncompressed layer. */
  readonly layerDigest: string;
  readonly created: Date;
}

const second = 1e9; // in nanoseconds, which is what the health check is given in

/** The image's configuration, as `docker save` writes it (image specification 1.2). */
export function imageConfig(facts: ImageFacts): unknown {
  const { entrypoint, command, environment, port, volume, health } = runtime;
  return {
    architecture: dockerArch(facts.arch),
    os: "linux",
    created: facts.created.toISOString(),
    config: {
      Entrypoint: entrypoint,
      Cmd: command,
      Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ExposedPorts: { [port]: {} },
      Volumes: { [volume]: {} },
      Healthcheck: {
        Test: ["CMD", ...health.command],
        Interval: health.everySeconds * second,
        Timeout: health.withinSeconds * second,
        StartPeriod: health.startSeconds * second,
        Retries: health.retries,
      },
      WorkingDir: "/",
      Labels: labels(facts),
    },
    rootfs: { type: "layers", diff_ids: [facts.layerDigest] },
    history: [{ created: facts.created.toISOString(), created_by: "npm run image" }],
  };
}

function labels({ version, description, license, revision }: ImageFacts): Readonly<Record<string, string>> {
  return {
    "org.opencontainers.image.title": "swarm",
    "org.opencontainers.image.description": description,
    "org.opencontainers.image.version": version,
    "org.opencontainers.image.licenses": license,
    ...(revision === undefined ? {} : { "org.opencontainers.image.revision": revision }),
  };
}

function dockerArch(arch: string): string {
  const known: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };
  return known[arch] ?? arch;
}
