/** Arithmetic of memory, CPUs and health (spec: scheduling.md §7.1). Integers throughout; division truncates. */

/** What an engine's memory or CPUs count as with overcommit: `0.05` adds 5 %. The percentage is truncated in floating point, 0.29 is 28. */
export function withOvercommit(total: number, overcommit: number): number {
  const percent = Math.trunc(100 * overcommit);
  // Split, so that the product of a large engine and a large percentage stays exact.
  const hundreds = Math.trunc(total / 100);
  return total + hundreds * percent + Math.trunc(((total - hundreds * 100) * percent) / 100);
}

/** The resource fields of an engine's container. */
export interface ContainerCpu {
  /** Engine shares: 1024 are one engine's worth. */
  readonly cpuShares: number;
  readonly nanoCpus: number;
}

/** Whole CPUs an existing container counts as; `--cpus` counts where no shares are set (B8). */
export function cpusOf({ cpuShares, nanoCpus }: ContainerCpu, engineCpus: number): number {
  return cpuShares > 0 ? Math.floor((cpuShares * engineCpus) / 1024) : cpusFromNano(nanoCpus);
}

/** `--cpus 1.5` needs two whole CPUs. */
export const cpusFromNano = (nanoCpus: number): number => (nanoCpus > 0 ? Math.ceil(nanoCpus / 1e9) : 0);

/** The engine's shares for a number of CPUs; reads back as the same number by `cpusOf`. */
export const engineCpuShares = (cpus: number, engineCpus: number): number =>
  Math.ceil((cpus * 1024) / engineCpus);

/** 100 for an engine that answers, less with each failed contact, 0 when it is not healthy or failed `retry` times. */
export function healthIndicator(healthy: boolean, failures: number, retry: number): number {
  if (!healthy || failures >= retry) return 0;
  return 100 - Math.trunc((failures * 100) / retry);
}
