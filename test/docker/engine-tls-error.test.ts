import { expect } from "chai";
import { tlsErrorText } from "../../src/docker/engine-tls-error.ts";

/** OpenSSL's words for an alert, as Node hands them over. */
const alert = (name: string, number: number): string =>
  `80FC496FD97F0000:error:0A000412:SSL routines:ssl3_read_bytes:${name}:../deps/ssl/record/rec_layer_s3.c:1601:SSL alert number ${String(number)}\n`;
const ssl = (words: string): string =>
  `write EPROTO 80FC496FD97F0000:error:0A00010B:SSL routines:ssl3_get_record:${words}:../deps/ssl3_record.c:350:\n`;

const peer = { addr: "10.0.0.1:2376", files: { ca: "/certs/ca.pem", cert: "/certs/cert.pem" } };
const failure = (code: string, message: string): Error => Object.assign(new Error(message), { code });

describe("docker/engine-tls-error", () => {
  const during = "error during connect: https://10.0.0.1:2376: ";
  const authentication =
    "The server probably has client authentication (--tlsverify) enabled. Please check your TLS client certification settings: https://10.0.0.1:2376: remote error: tls: ";
  // prettier-ignore
  const cases = [
    { code: "SELF_SIGNED_CERT_IN_CHAIN",       message: "self-signed",                            begins: `${during}x509: certificate signed by unknown authority` },
    { code: "DEPTH_ZERO_SELF_SIGNED_CERT",     message: "self-signed",                            begins: `${during}x509: certificate signed by unknown authority` },
    { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", message: "unable",                                 begins: `${during}x509: certificate signed by unknown authority` },
    { code: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", message: "unable",                               begins: `${during}x509: certificate signed by unknown authority` },
    { code: "CERT_SIGNATURE_FAILURE",          message: "certificate signature failure",          begins: `${during}x509: certificate signed by unknown authority` },
    { code: "CERT_HAS_EXPIRED",                message: "certificate has expired",                begins: `${during}x509: certificate has expired or is not yet valid: it has expired` },
    { code: "CERT_NOT_YET_VALID",              message: "certificate is not yet valid",           begins: `${during}x509: certificate has expired or is not yet valid: it is not valid yet` },
    { code: "INVALID_PURPOSE",                 message: "unsuitable certificate purpose",         begins: `${during}x509: certificate specifies an incompatible key usage` },
    { code: "ERR_TLS_CERT_ALTNAME_INVALID",    message: "x509: certificate is valid for a, not b", begins: `${during}x509: certificate is valid for a, not b` },
    { code: "CERT_REVOKED",                    message: "certificate revoked",                    begins: `${during}x509: certificate revoked` },
    { code: "EPROTO",                          message: ssl("wrong version number"),              begins: `${during}http: server gave HTTP response to HTTPS client` },
    { code: "ERR_SSL_PACKET_LENGTH_TOO_LONG",  message: ssl("packet length too long"),            begins: `${during}http: server gave HTTP response to HTTPS client` },
    { code: "EPROTO",                          message: ssl("dh key too small"),                  begins: `${during}tls: dh key too small` },
    { code: "EPROTO",                          message: alert("sslv3 alert bad certificate", 42), begins: `${authentication}bad certificate` },
    { code: "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", message: alert("sslv3 alert bad certificate", 42), begins: `${authentication}bad certificate` },
    { code: "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",  message: alert("tlsv1 alert unknown ca", 48),      begins: `${authentication}unknown certificate authority` },
    { code: "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED", message: alert("certificate expired", 45), begins: `${authentication}expired certificate` },
    { code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", message: alert("certificate required", 116), begins: `${authentication}certificate required` },
    { code: "EPROTO",                          message: alert("tlsv1 alert protocol version", 70), begins: `${during}remote error: tls: protocol version not supported` },
    { code: "EPROTO",                          message: alert("sslv3 alert handshake failure", 40), begins: `${during}remote error: tls: handshake failure` },
    { code: "EPROTO",                          message: alert("news", 199),                       begins: `${during}remote error: tls: alert(199)` },
  ];
  for (const { code, message, begins } of cases) {
    it(`has Docker's words for ${message.length < 50 ? `${code}, ${message}` : begins.slice(begins.lastIndexOf(": ") + 2)} (${code})`, () => {
      const text = tlsErrorText(failure(code, message), peer);
      expect(text?.slice(0, begins.length)).to.equal(begins);
      expect(text).not.to.include("\n");
    });
  }

  // prettier-ignore
  const remedies = [
    { code: "SELF_SIGNED_CERT_IN_CHAIN", message: "",                                  names: "an authority in /certs/ca.pem" },
    { code: "EPROTO",                    message: alert("alert bad certificate", 42),  names: "does not accept /certs/cert.pem" },
    { code: "EPROTO",                    message: ssl("wrong version number"),         names: "give it --tlsverify" },
  ];
  for (const { code, message, names } of remedies)
    it(`says what to look at: ${names}`, () =>
      expect(tlsErrorText(failure(code, message), peer)).to.include(names));

  // prettier-ignore
  const hangUps = [
    { it: "takes a lost connection after the handshake for a refused certificate", silent: true,  message: "socket hang up",                                                     refused: true  },
    { it: "but not from an engine that has answered before",                       silent: false, message: "socket hang up",                                                     refused: false },
    { it: "and not when the handshake was not over",                               silent: true,  message: "Client network socket disconnected before secure TLS connection was established", refused: false },
  ];
  for (const c of hangUps) {
    it(c.it, () => {
      const text = tlsErrorText(failure("ECONNRESET", c.message), { ...peer, silent: c.silent });
      expect(text?.includes("probably the engine does not accept /certs/cert.pem") ?? false).to.equal(
        c.refused,
      );
    });
  }

  for (const error of [failure("ECONNREFUSED", "connect ECONNREFUSED"), new Error("no"), "text", undefined])
    it(`has nothing to say of ${String(error)}`, () => expect(tlsErrorText(error, peer)).to.equal(undefined));
});
