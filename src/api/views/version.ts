import type { ApiRange } from "../../docker/api-version.ts";

/** What `/version` says of the manager. */
export interface VersionInput {
  /** `swarm/<version>` */
  readonly version: string;
  readonly api: ApiRange;
  readonly gitCommit: string;
  /** Docker's clients show it as "Go version"; we have a Node version to offer. */
  readonly runtimeVersion: string;
  /** Go's names: `linux`, `amd64`. */
  readonly os: string;
  readonly arch: string;
  readonly kernelVersion: string;
  /** RFC 3339, or `""`. */
  readonly buildTime: string;
  readonly experimental: boolean;
}

/** `GET /version` (api.md §6.1). `Components` is what newer clients print; the flat fields are for older ones. */
export function versionBody(input: VersionInput): Readonly<Record<string, unknown>> {
  return {
    Platform: { Name: "Docker Swarm - Community" },
    Components: [
      {
        Name: "Engine",
        Version: input.version,
        Details: {
          ApiVersion: input.api.max,
          Arch: input.arch,
          BuildTime: input.buildTime,
          Experimental: String(input.experimental),
          GitCommit: input.gitCommit,
          GoVersion: input.runtimeVersion,
          KernelVersion: input.kernelVersion,
          MinAPIVersion: input.api.min,
          Os: input.os,
        },
      },
    ],
    Version: input.version,
    ApiVersion: input.api.max,
    MinAPIVersion: input.api.min,
    GitCommit: input.gitCommit,
    GoVersion: input.runtimeVersion,
    Os: input.os,
    Arch: input.arch,
    KernelVersion: input.kernelVersion,
    ...(input.experimental ? { Experimental: true } : {}),
    BuildTime: input.buildTime,
  };
}
