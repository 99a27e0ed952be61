import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { speaksVersion2 } from "../../src/store/etcd.ts";

describe("store/etcd", () => {
  it("hears which version it is from the first server that knows, whatever the others do", async () => {
    const silent = createServer(() => undefined);
    const leaderless = createServer((_, response) => response.writeHead(503).end());
    const old = createServer((_, response) => response.writeHead(200).end());
    const servers = [silent, leaderless, old];
    try {
      const [first = "", ...others] = await Promise.all(
        servers.map(async (server) => {
          await once(server.listen(0, "127.0.0.1"), "listening");
          return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
        }),
      );
      const connection = { endpoints: [first, ...others], name: "etcd" } as const;
      expect(await speaksVersion2(connection, AbortSignal.timeout(2000))).to.equal(true);
    } finally {
      for (const server of servers) server.close().closeAllConnections();
    }
  });
});
