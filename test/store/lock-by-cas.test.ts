import { expect } from "chai";
import { tryLockByCas } from "../../src/store/lock-by-cas.ts";
import { MemoryBackend } from "../../src/store/memory.ts";
import { StoreError } from "../../src/store/store-error.ts";
import type { PutOptions } from "../../src/store/store.ts";
import { rejection } from "../live/store/under-test.ts";

/** A store that does what it is told and may fail to say so. */
class Forgetful extends MemoryBackend {
  silent = false;

  override async put(key: string, value: string, options: PutOptions): Promise<string> {
    const revision = await super.put(key, value, options);
    if (this.silent) throw new StoreError("unreachable", "no answer");
    return revision;
  }
}

describe("store/lock-by-cas", () => {
  const signal = new AbortController().signal;
  const take = async (store: Forgetful) => (await tryLockByCas(store, "lock", "ours", 10_000, signal))!;

  it("goes on with a lock whose renewal was done but not answered", async () => {
    const store = new Forgetful();
    const holding = await take(store);
    store.silent = true;
    expect((await rejection(holding.renew(signal))).kind).to.equal("unreachable");
    expect((await rejection(holding.renew(signal))).kind).to.equal("unreachable");
    store.silent = false;
    expect(await holding.renew(signal)).to.equal(true);
    await holding.release(signal);
    expect(await store.get("lock")).to.equal(undefined);
  });

  it("releases a lock whose last renewal was not answered", async () => {
    const store = new Forgetful();
    const holding = await take(store);
    store.silent = true;
    await rejection(holding.renew(signal));
    await holding.release(signal);
    expect(await store.get("lock")).to.equal(undefined);
  });

  it("touches nothing that somebody else holds by now", async () => {
    const store = new Forgetful();
    const holding = await take(store);
    store.silent = true;
    await rejection(holding.renew(signal));
    store.silent = false;
    await store.put("lock", "theirs", {});
    expect(await holding.renew(signal)).to.equal(false);
    await holding.release(signal);
    expect((await store.get("lock"))?.value).to.equal("theirs");
    expect(await tryLockByCas(store, "lock", "ours", 10_000, signal)).to.equal(undefined);
  });
});
