/** Loaded into the manager's process with `--import` where its inside is measured; the program itself knows nothing of it. */

/** What only the process itself can tell. */
export interface InsideFigures {
  /** Live objects after a garbage collection, buffers included, MiB. */
  readonly heapMiB: number;
  readonly timers: number;
  readonly sockets: number;
}

const count = (resources: readonly string[], kind: string): number =>
  resources.filter((each) => each === kind).length;

process.on("message", () => {
  // Twice: what finalizers give back is free only after the second.
  globalThis.gc?.();
  globalThis.gc?.();
  const resources = process.getActiveResourcesInfo();
  const memory = process.memoryUsage();
  const figures: InsideFigures = {
    heapMiB: (memory.heapUsed + memory.external) / 1024 ** 2,
    timers: count(resources, "Timeout"),
    sockets: count(resources, "TCPSocketWrap"),
  };
  process.send?.(figures);
});
// A manager must not outlive its benchmark, however that ended.
process.once("disconnect", () => process.exit(0));
// The channel must not keep a manager alive that is done.
process.channel?.unref();
