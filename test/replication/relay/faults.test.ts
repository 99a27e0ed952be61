import { expect } from "chai";
import { httpToHttpsText } from "../../../src/docker/engine-tls-error.ts";
import { lostPrimary, nothingWasSent, unreachable } from "../../../src/replication/relay/faults.ts";

const failing = (message: string, fields: object = {}, options?: ErrorOptions): Error =>
  Object.assign(new Error(message, options), fields);

describe("replication/relay/faults", () => {
  // prettier-ignore
  const cases = [
    { it: "a refused connection",                error: failing("connect ECONNREFUSED", { syscall: "connect" }),    unsent: true },
    { it: "a name nobody has",                   error: failing("getaddrinfo ENOTFOUND", { syscall: "getaddrinfo" }), unsent: true },
    { it: "one of these explained",              error: failing("in words", {}, { cause: failing("x", { syscall: "connect" }) }), unsent: true },
    { it: "a certificate of ours not taken",     error: failing("SSL routines:ssl3_read_bytes:x:SSL alert number 42"), unsent: true },
    { it: "a primary that wants TLS",            error: failing(httpToHttpsText),                                   unsent: true },
    { it: "a connection that ended",             error: failing("socket hang up", { code: "ECONNRESET" }),          unsent: false },
    { it: "a failed write",                      error: failing("write EPIPE", { syscall: "write", code: "EPIPE" }), unsent: false },
    { it: "a failed read",                       error: failing("read ECONNRESET", { syscall: "read" }),            unsent: false },
    { it: "something else than an error",        error: "oops",                                                     unsent: false },
  ];
  for (const { it: what, error, unsent } of cases) {
    it(`takes ${what} for ${unsent ? "nothing sent" : "something sent"}`, () => {
      expect(nothingWasSent(error)).to.equal(unsent);
    });
  }

  it("shows of the store's address what can be printed, and not endlessly much", () => {
    const hostile = `a\r\nb\u001b[31m${"c".repeat(1_000)}`;
    for (const { message } of [unreachable(hostile, new Error("x")), lostPrimary(hostile, new Error("x"))])
      expect(message).to.match(/^[\x20-\x7e]{1,400}$/);
  });
});
