import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { Etcd2Backend } from "../../src/store/etcd2.ts";
import { ManagedStore } from "../../src/store/managed-store.ts";
import { freePort } from "../lab/free-port.ts";
import { quick, rejection } from "../live/store/under-test.ts";

describe("store/etcd2", () => {
  const servers: Server[] = [];
  const asked: string[] = [];
  const serve = async (answer: (response: ServerResponse, request: IncomingMessage) => void) => {
    const server = createServer((request, response) => {
      asked.push(request.method ?? "");
      request.resume().on("end", () => answer(response, request));
    }).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  };
  const good = (response: ServerResponse) =>
    response
      .writeHead(200, { "content-type": "application/json", "x-etcd-index": "7" })
      .end('{"node":{"key":"/k","value":"v","modifiedIndex":7}}');
  const storeAt = (...endpoints: [string, ...string[]]) =>
    new ManagedStore(new Etcd2Backend({ endpoints, name: "etcd" }), { name: "etcd", ...quick });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
    asked.length = 0;
  });

  it("names the package it needs, and what else to do, when that is not installed", async () => {
    const connection = { endpoints: ["127.0.0.1:1"], name: "etcd://127.0.0.1:1" } as const;
    const missing = Object.assign(new Error("Cannot find package 'node-etcd' imported from /swarm\nstack"), {
      code: "ERR_MODULE_NOT_FOUND",
    });
    const wanted: string[] = [];
    const backend = new Etcd2Backend(connection, (name) => {
      wanted.push(name);
      return Promise.reject(missing);
    });
    await using store = new ManagedStore(backend, { name: connection.name, ...quick });
    const { kind, message, cause } = await rejection(store.get("k"));
    expect([wanted, kind, cause]).to.deep.equal([["node-etcd"], "failed", missing]);
    expect(message).to.equal(
      "etcd://127.0.0.1:1: etcd's version 2 needs the package node-etcd: install it (npm install node-etcd), " +
        "or use version 3 (kv.etcd=v3) everywhere: Cannot find package 'node-etcd' imported from /swarm",
    );
  });

  it("asks the next server when one is gone, and stays there", async () => {
    const [dead, alive] = [`127.0.0.1:${String(await freePort("127.0.0.1"))}`, await serve(good)];
    await using store = storeAt(dead, alive);
    for (let i = 0; i < 3; i++) expect((await store.get("k"))?.value).to.equal("v");
    expect(asked).to.deep.equal(["GET", "GET", "GET"]);
  });

  it("sends a write that was not answered to nobody else, and the next one elsewhere", async () => {
    const breaking = await serve((response) => response.destroy());
    const alive = await serve(good);
    await using store = storeAt(breaking, alive);
    expect((await rejection(store.put("k", "v", { when: "absent" }))).kind).to.equal("unreachable");
    expect(asked).to.deep.equal(["PUT"]);
    expect(await store.put("k", "v")).to.equal("7");
    expect(asked).to.deep.equal(["PUT", "PUT"]);
  });

  it("goes elsewhere after a server that stands still has used up one call's time", async () => {
    const [silent, alive] = [await serve(() => undefined), await serve(good)];
    await using store = storeAt(silent, alive);
    expect((await rejection(store.get("k"))).kind).to.equal("unreachable");
    expect((await store.get("k"))?.value).to.equal("v");
  });
});
