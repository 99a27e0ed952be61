import { expect } from "chai";
import { connectionError } from "../../src/store/store-error.ts";

describe("store/store-error", () => {
  const lowLevel = (code: string, message: string) => Object.assign(new Error(message), { code });
  // prettier-ignore
  const cases = [
    { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",     message: "unable to verify the first certificate",
      kind: "auth",        text: "the server's certificate is not trusted: unable to verify the first certificate; is kv.cacertfile the authority that signed it?" },
    { code: "CERT_HAS_EXPIRED",                    message: "certificate has expired",
      kind: "auth",        text: "the server's certificate is not trusted: certificate has expired" },
    { code: "ERR_TLS_CERT_ALTNAME_INVALID",        message: "Hostname/IP does not match certificate's altnames: …",
      kind: "auth",        text: "Hostname/IP does not match certificate's altnames: …" },
    { code: "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", message: "80FC:error:0A000412:SSL routines:ssl3_read_bytes:…",
      kind: "auth",        text: "the server refuses TLS with us: bad certificate; does it trust the authority of kv.certfile?" },
    { code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", message: "80FC:error:…",
      kind: "auth",        text: "the server refuses TLS with us: certificate required; does it trust the authority of kv.certfile?" },
    { code: "ERR_SSL_WRONG_VERSION_NUMBER",        message: "80FC:error:0A00010B:SSL routines:…",
      kind: "auth",        text: "the server does not speak TLS" },
    { code: "ECONNREFUSED",                        message: "connect ECONNREFUSED 10.0.0.5:8500",
      kind: "unreachable", text: "connect ECONNREFUSED 10.0.0.5:8500" },
  ];
  for (const { code, message, kind, text } of cases) {
    it(`says what ${code} means`, () => {
      const error = connectionError("consul://a:1", lowLevel(code, message));
      expect([error.kind, error.message]).to.deep.equal([kind, `consul://a:1: ${text}`]);
    });
  }

  it("speaks of the first of several attempts to connect", () => {
    const attempts = new AggregateError([
      lowLevel("ECONNREFUSED", "connect ECONNREFUSED ::1:1"),
      new Error("x"),
    ]);
    expect(connectionError("zk", attempts).message).to.equal("zk: connect ECONNREFUSED ::1:1");
  });
});
