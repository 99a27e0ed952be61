import { expect } from "chai";
import { Etcd3 } from "etcd3";
import { Etcd3Backend } from "../../../src/store/etcd3.ts";
import { ManagedStore } from "../../../src/store/managed-store.ts";
import { openStore } from "../../../src/store/open.ts";
import { startEtcd } from "../../lab/stores/etcd.ts";
import { itBehavesLikeAStore } from "./contract.ts";
import { storeHome } from "./home.ts";
import { quick, rejection } from "./under-test.ts";

describe("store/etcd3", () => {
  itBehavesLikeAStore("as a store", { server: true }, async () => {
    const { server, address } = await startEtcd(storeHome());
    const name = `etcd://${address}`;
    return {
      ttlMs: 1000,
      lockTtlMs: 1000,
      open: ({ prefix, address: at = address }) =>
        Promise.resolve(
          new ManagedStore(new Etcd3Backend({ endpoints: [at], name }), { name, prefix, ...quick }),
        ),
      server,
      address,
      url: name,
      compact: () => compact(address),
      dispose: () => server[Symbol.asyncDispose](),
    };
  });

  it("is what etcd:// means where version 2 is off, and knows users", async () => {
    await using etcd = await startEtcd(storeHome());
    const admin = new Etcd3({ hosts: [`http://${etcd.address}`] });
    try {
      const root = admin.user("root");
      await root.create("pass");
      await admin.role("root").create();
      await root.addRole("root");
      await admin.auth.authEnable();
    } finally {
      admin.close();
    }
    const open = (options: Record<string, string>) =>
      openStore(`etcd://${etcd.address}/p`, { ...quick, options });
    for (const options of [{}, { "kv.user": "root", "kv.password": "wrong" }]) {
      await using store = await open(options);
      expect((await rejection(store.get("k"))).kind).to.equal("auth");
    }
    await using store = await open({ "kv.user": "root", "kv.password": "pass" });
    await store.put("k", "v", { ttlMs: 5000 });
    expect((await store.lock("l", "v", { ttlMs: 5000 })).held()).to.equal(true);
    const reader = new Etcd3({
      hosts: [`http://${etcd.address}`],
      auth: { username: "root", password: "pass" },
    });
    try {
      expect(await reader.getAll().prefix("/").strings()).to.deep.equal({ "/p/k": "v", "/p/l": "v" });
    } finally {
      reader.close();
    }
  });
});

/** Forgets all history up to now. */
async function compact(address: string): Promise<void> {
  const etcd = new Etcd3({ hosts: [`http://${address}`] });
  try {
    const { header } = await etcd.kv.range({ key: Buffer.from("x") });
    await etcd.kv.compact({ revision: header.revision, physical: true });
  } finally {
    etcd.close();
  }
}
