import { expect } from "chai";
import { stripVTControlCharacters } from "node:util";
import { createLogger } from "../../src/telemetry/logger.ts";

function capture(options: { level?: "debug" | "info" | "fatal"; tty?: boolean } = {}) {
  const lines: string[] = [];
  const stream = { write: (line: string) => lines.push(line) };
  const log = createLogger({ level: options.level ?? "info", tty: options.tty ?? false, stream });
  return { log, lines, entries: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe("telemetry/logger", () => {
  it("writes one JSON object a line: level by name, RFC 3339 time, message, fields", () => {
    const { log, lines, entries } = capture();
    log.info({ addr: ":1", proto: "tcp" }, "Listening for HTTP");
    expect(lines[0]).to.match(/^\{.*\}\n$/);
    const { time, ...rest } = entries()[0]!;
    expect(time).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(rest).to.deep.equal({ level: "info", addr: ":1", proto: "tcp", msg: "Listening for HTTP" });
  });

  it("writes lines for people on a terminal, message and fields in plain sight", () => {
    const { log, lines } = capture({ tty: true });
    log.warn({ addr: ":1" }, "Listening for HTTP");
    expect(lines).to.have.length(1);
    expect(stripVTControlCharacters(lines[0]!)).to.match(
      /^\[\d\d:\d\d:\d\d\] WARN: Listening for HTTP \{"addr":":1"\}\n$/,
    );
  });

  it("is silent below its level", () => {
    const { log, entries } = capture({ level: "fatal" });
    log.error("no");
    log.fatal("yes");
    expect(entries().map(({ msg }) => msg)).to.deep.equal(["yes"]);
  });

  it("logs of an error its message, code and cause, never what it carries along", () => {
    const { log, lines, entries } = capture();
    const cause = new Error("connect ECONNREFUSED");
    const carried = { code: "EX", request: { headers: { "x-registry-auth": "SECRET" } } };
    log.warn({ err: Object.assign(new Error("no answer", { cause }), carried) }, "failed");
    expect(entries()[0]?.err).to.deep.equal({
      type: "Error",
      message: "no answer",
      code: "EX",
      cause: "connect ECONNREFUSED",
    });
    expect(lines[0]).not.to.contain("SECRET");
  });

  it("shows where a bug is", () => {
    const { log, entries } = capture();
    log.error({ err: new TypeError("x is undefined") }, "bug");
    expect(entries()[0]?.err).to.have.property("stack").that.contains("logger.test");
  });

  it("logs an error given as text", () => {
    const { log, entries } = capture();
    log.error({ error: "EOF" }, "error monitoring events, will restart");
    expect(entries()[0]).to.have.property("error", "EOF");
  });
});
