import { EventEmitter } from "node:events";
import { Readable } from "node:stream";
import { expect } from "chai";
import { loadLines } from "../../src/api/images/transfer-lines.ts";
import { uploadToNodes } from "../../src/api/images/transfer.ts";
import type { Exchange } from "../../src/api/exchange.ts";
import type { Services } from "../../src/api/services.ts";
import type { Engine } from "../../src/cluster/engine.ts";
import type { EngineStreamCall } from "../../src/docker/engine-client.ts";
import { until } from "./support.ts";

describe("api/images/transfer, uploads", () => {
  it("take the upload of a client that reads nothing before it has sent all, and tell it later who was skipped", async () => {
    let received = "";
    const node = (name: string, state: string) => ({
      ...{ name, addr: `${name}:2375`, state, isHealthy: state === "Healthy" },
      versionedPath: (_: unknown, path: string) => path,
      noteSuccess: () => undefined,
      cache: { refreshImages: () => Promise.resolve() },
      client: {
        stream: async ({ upload }: EngineStreamCall) => {
          for await (const part of upload as AsyncIterable<Buffer>) received += part.toString();
          return Readable.from([]);
        },
      },
    });
    const engines = [node("node-1", "Pending"), node("node-2", "Unhealthy"), node("node-3", "Healthy")];
    let reads = false;
    let sent = "";
    let ended = false;
    const res = Object.assign(new EventEmitter(), {
      writeHead: () => undefined,
      flushHeaders: () => undefined,
      write: (text: string) => {
        sent += text;
        return reads;
      },
      end: () => (ended = true),
    });
    const done = uploadToNodes(
      {} as Services,
      { req: Readable.from([Buffer.from("archive")]), res } as unknown as Exchange,
      { lines: loadLines, path: "/images/load", engines: engines as unknown as Engine[] },
    );
    await until(() => received === "archive", "the upload");
    expect(ended).to.equal(false);
    // It comes back meanwhile: it has no part in this transfer all the same.
    Object.assign(engines[1] ?? {}, { state: "Healthy", isHealthy: true });
    reads = true;
    res.emit("drain");
    await done;
    expect(sent)
      .to.include('"id":"node-1"')
      .and.include("the node is Unhealthy")
      .and.include('"id":"node-2"');
    expect(ended).to.equal(true);
  });
});
