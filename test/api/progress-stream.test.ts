import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { expect } from "chai";
import { ProgressStream } from "../../src/api/progress-stream.ts";

/** The server's side of one request, and the client that made it and reads nothing unless told to. */
async function exchange(): Promise<{ res: ServerResponse; client: Socket; close: () => void }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1").pause();
  client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  client.on("error", () => undefined);
  const [, res] = (await once(server, "request")) as [unknown, ServerResponse];
  const close = (): void => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  };
  return { res, client, close };
}

describe("api/progress-stream", () => {
  let close = (): void => undefined;
  afterEach(() => close());
  const text = "x".repeat(256 << 10);

  /** Writers like a transfer's, on a client that does not read; resolves when they all wait. */
  async function stuck(progress: ProgressStream, res: ServerResponse, writers: number) {
    let written = 0;
    const done = Promise.all(
      Array.from({ length: writers }, async () => {
        for (let line = 0; line < 20; line++) {
          await progress.line({ text });
          written++;
        }
      }),
    );
    while (!res.writableNeedDrain) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    return { done, written: () => written };
  }

  it("slows its writers down to a client that does not read, and lets them on when it does", async () => {
    const { res, client, ...rest } = await exchange();
    close = rest.close;
    const { done, written } = await stuck(new ProgressStream(res), res, 20);
    expect(written()).to.be.below(100);
    expect(res.listenerCount("drain"), "one listener for all writers").to.be.at.most(2);
    client.resume();
    await done;
    expect(written()).to.equal(400);
  }).timeout(10_000);

  it("lets its writers go when the client leaves", async () => {
    const { res, client, ...rest } = await exchange();
    close = rest.close;
    const progress = new ProgressStream(res);
    const { done } = await stuck(progress, res, 3);
    client.destroy();
    await done;
    expect(progress.left.aborted).to.equal(true);
    progress.end("nobody hears this");
  });

  it("ends with the error as clients know it", async () => {
    const { res, client, ...rest } = await exchange();
    close = rest.close;
    const progress = new ProgressStream(res);
    await progress.line({ status: "a" });
    progress.end("no");
    let got = "";
    client
      .setEncoding("utf8")
      .on("data", (chunk: string) => (got += chunk))
      .resume();
    while (!got.endsWith("0\r\n\r\n")) await once(client, "data");
    expect(got)
      .to.include('{"status":"a"}\n')
      .and.include('{"error":"no","errorDetail":{"code":1,"message":"no"}}\n');
    expect(progress.left.aborted).to.equal(false);
  });
});
