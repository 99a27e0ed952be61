import { expect } from "chai";
import { handshakeReason } from "../../src/tls/handshake-reason.ts";

describe("tls/handshake-reason", () => {
  const failed = (code: string, reason?: string): Error =>
    Object.assign(new Error(`C0:error: ${code}`), { code, ...(reason !== undefined && { reason }) });
  const unverified = "tls: failed to verify client certificate: x509: ";
  // prettier-ignore
  const cases = [
    { error: failed("ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE"), refusal: undefined,          says: "tls: client didn't provide a certificate" },
    { error: failed("ECONNRESET"),          refusal: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",         says: `${unverified}certificate signed by unknown authority` },
    { error: failed("ECONNRESET"),          refusal: failed("INVALID_PURPOSE"),                 says: `${unverified}certificate specifies an incompatible key usage` },
    { error: failed("ECONNRESET"),          refusal: "CERT_HAS_EXPIRED",                        says: `${unverified}certificate has expired or is not yet valid` },
    { error: failed("ECONNRESET"),          refusal: "SOMETHING_NEW",                           says: `${unverified}SOMETHING_NEW` },
    { error: failed("ECONNRESET"),          refusal: "constructor",                             says: `${unverified}constructor` },
    { error: failed("ECONNRESET"),          refusal: undefined,                                 says: "EOF" },
    { error: failed("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"), refusal: null,                           says: "remote error: tls: unknown certificate authority" },
    { error: failed("ERR_SSL_NEW", "something new"),   refusal: undefined,                      says: "tls: something new" },
    { error: new Error("two\nlines"),       refusal: undefined,                                 says: "two lines" },
    { error: new Error("x".repeat(1000)),   refusal: undefined,                                 says: "x".repeat(200) },
  ];
  for (const { error, refusal, says } of cases) {
    it(`says "${says.slice(0, 90)}"`, () => {
      expect(handshakeReason(error, refusal)).to.equal(says);
    });
  }
});
