import { expect } from "chai";
import { Connection } from "../../bench/client/connection.ts";
import { requestText } from "../../bench/client/request-text.ts";
import { bulkBlock, DISCARD_LABEL, isBulk, LOG_BYTES_LABEL } from "../../bench/fleet/bulk.ts";
import { startSimulatedEngine, type SimulatedEngine } from "../../bench/fleet/index.ts";

describe("fleet/bulk", () => {
  const BYTES = 2_500_000;
  let engine: SimulatedEngine;
  let connection: Connection;
  beforeEach(async () => {
    const labels = { [LOG_BYTES_LABEL]: String(BYTES), [DISCARD_LABEL]: "1" };
    engine = await startSimulatedEngine({ name: "node-1", containers: [{ name: "bulk", labels }] });
    connection = await Connection.open(engine.addr);
  });
  afterEach(async () => {
    connection.close();
    await engine.dispose();
  });

  it("sends a log of the size asked for, the same bytes over and over", async () => {
    let at = 0;
    const { status } = await connection.stream(
      requestText("GET", "/containers/bulk/logs?stdout=1"),
      (piece) => {
        expect(isBulk(piece, at)).to.equal(true);
        at += piece.length;
      },
    );
    expect([status, at]).to.deep.equal([200, BYTES]);
  });

  const head = `PUT /containers/bulk/archive?path=/ HTTP/1.1\r\nHost: x\r\nContent-Length: ${BYTES}\r\n\r\n`;
  it("takes an upload and keeps nothing of it", async () => {
    expect((await connection.upload(head, bulkBlock(), BYTES)).status).to.equal(200);
    expect(engine.container("bulk").files).to.equal(undefined);
  });

  it("notices an upload that is broken", async () => {
    const { status, body } = await connection.upload(head, bulkBlock().subarray(1), BYTES);
    expect([status, body.toString()]).to.satisfy(
      ([code, text]: [number, string]) => code === 400 && text.includes("broken at byte"),
    );
  });
});
