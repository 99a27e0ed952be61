import { ManagedStore } from "../../src/store/managed-store.ts";
import { MemoryBackend } from "../../src/store/memory.ts";
import { Tree } from "../../src/store/tree.ts";
import { itBehavesLikeAStore } from "../live/store/contract.ts";
import { quick } from "../live/store/under-test.ts";

describe("store/memory", () => {
  itBehavesLikeAStore("as a store", { server: false }, () => {
    const tree = new Tree("1");
    return Promise.resolve({
      ttlMs: 400,
      lockTtlMs: 300,
      open: ({ prefix }) =>
        Promise.resolve(new ManagedStore(new MemoryBackend(tree), { name: "memory://", prefix, ...quick })),
      dispose: () => tree.close(),
    });
  });
});
