import { expect } from "chai";
import { PerformanceObserver, constants } from "node:perf_hooks";
import { notePassed } from "../../src/proxy/buffer-garbage.ts";

describe("proxy/buffer-garbage", () => {
  it("collects what has passed every 4 MiB, and only then", async () => {
    notePassed(1 << 30); // begins anew
    let minor = 0;
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { kind, flags } = (entry as unknown as { detail: { kind: number; flags: number } }).detail;
        if (
          kind === constants.NODE_PERFORMANCE_GC_MINOR &&
          (flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0
        )
          minor++;
      }
    });
    observer.observe({ entryTypes: ["gc"] });
    /** What has been collected is told some turns later. */
    const settle = async (): Promise<void> => {
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    };
    await settle();
    minor = 0;
    for (let passed = 0; passed < 63; passed++) notePassed(64 << 10);
    await settle();
    expect(minor).to.equal(0);
    notePassed(64 << 10);
    await settle();
    expect(minor).to.equal(1);
    observer.disconnect();
  });
});
