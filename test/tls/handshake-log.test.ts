import { expect } from "chai";
import { HandshakeLog } from "../../src/tls/handshake-log.ts";

describe("tls/handshake-log", () => {
  const start = new Date(2026, 10, 21, 6, 4, 33).getTime();
  let lines: string[];
  let nowMs: number;
  let log: HandshakeLog;
  beforeEach(() => {
    lines = [];
    nowMs = start;
    log = new HandshakeLog(
      (line) => lines.push(line),
      () => new Date(nowMs),
    );
  });

  it("writes as Go's server does", () => {
    log.note("10.0.0.7:40112", "EOF");
    expect(lines).to.deep.equal(["2026/11/21 06:04:33 http: TLS handshake error from 10.0.0.7:40112: EOF\n"]);
  });

  it("writes twenty lines in ten seconds at most, and then how many it has not", () => {
    for (let n = 0; n < 1000; n++) log.note("x:1", "EOF");
    expect(lines).to.have.length(20);
    nowMs += 10_000;
    log.note("y:2", "EOF");
    log.note("y:3", "EOF");
    expect(lines.slice(20).map((line) => line.slice(20))).to.deep.equal([
      "http: 980 more TLS handshake errors were not shown\n",
      "http: TLS handshake error from y:2: EOF\n",
      "http: TLS handshake error from y:3: EOF\n",
    ]);
  });

  it("does not fall silent when the clock is set back", () => {
    for (let n = 0; n < 30; n++) log.note("x:1", "EOF");
    nowMs -= 3_600_000;
    log.note("y:2", "EOF");
    expect(lines.at(-1)).to.include("y:2");
  });
});
