import type { Context } from "mocha";
import { expect } from "chai";
import { Etcd3 } from "etcd3";
import { Etcd2Backend } from "../../../src/store/etcd2.ts";
import { Etcd3Backend } from "../../../src/store/etcd3.ts";
import { ManagedStore } from "../../../src/store/managed-store.ts";
import { openStore } from "../../../src/store/open.ts";
import { fetchNewerEtcd, startEtcd } from "../../lab/stores/etcd.ts";
import { skipUnlessOnCi } from "../support/needs.ts";
import { itBehavesLikeAStore } from "./contract.ts";
import { storeHome } from "./home.ts";
import { quick } from "./under-test.ts";

describe("store/etcd: which version etcd:// means", () => {
  for (const v2 of [false, true]) {
    it(`the system's etcd, version 2 ${v2 ? "on" : "off"}: version ${v2 ? "2" : "3"}`, async () => {
      await expectVersion(v2, undefined);
    });
  }
});

describe("store/etcd 3.5", function () {
  let program: string | undefined;
  before(async function (this: Context) {
    const found = await fetchNewerEtcd((line) => console.log(`    ${line}`));
    if (found.kind === "ready") {
      program = found.program;
      return;
    }
    skipUnlessOnCi(this, found.reason);
  });

  for (const v2 of [false, true]) {
    it(`version 2 ${v2 ? "on" : "off"}: etcd:// is version ${v2 ? "2" : "3"}`, async () => {
      await expectVersion(v2, program);
    });
  }

  // Its servers fail like 3.4's.
  for (const { version, Backend } of [
    { version: 2, Backend: Etcd2Backend },
    { version: 3, Backend: Etcd3Backend },
  ]) {
    itBehavesLikeAStore(`by version ${String(version)}, as a store`, { server: false }, async () => {
      const { server, address } = await startEtcd(storeHome(), {
        v2: version === 2,
        ...(program === undefined ? {} : { program }),
      });
      const name = `etcd://${address}`;
      return {
        ttlMs: 1000,
        lockTtlMs: 1000,
        open: ({ prefix }) => {
          const backend = new Backend({ endpoints: [address], name });
          return Promise.resolve(new ManagedStore(backend, { name, prefix, ...quick }));
        },
        dispose: () => server[Symbol.asyncDispose](),
      };
    });
  }
});

/** Writes by `etcd://` and looks for it by both protocols. */
async function expectVersion(v2: boolean, program: string | undefined): Promise<void> {
  await using etcd = await startEtcd(storeHome(), { v2, ...(program === undefined ? {} : { program }) });
  await using store = await openStore(`etcd://${etcd.address}/p`, quick);
  await store.put("k", "v", { ttlMs: 10_000 });
  const old = await fetch(`http://${etcd.address}/v2/keys/p/k`);
  expect(old.status).to.equal(v2 ? 200 : 404);
  await old.body?.cancel();
  const etcd3 = new Etcd3({ hosts: `http://${etcd.address}` });
  try {
    expect(await etcd3.getAll().prefix("/p/").strings()).to.deep.equal(v2 ? {} : { "/p/k": "v" });
  } finally {
    etcd3.close();
  }
}
