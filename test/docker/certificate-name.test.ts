import type { PeerCertificate } from "node:tls";
import { expect } from "chai";
import { certificateNameError } from "../../src/docker/certificate-name.ts";

const certificate = (cn: unknown, subjectaltname?: string): PeerCertificate =>
  ({ subject: cn === undefined ? undefined : { CN: cn }, subjectaltname }) as unknown as PeerCertificate;

describe("docker/certificate-name", () => {
  // prettier-ignore
  const fits = [
    { host: "10.0.0.1",      cn: "x",       sans: "DNS:a, IP Address:10.0.0.1" },
    { host: "::1",           cn: "x",       sans: "IP Address:0:0:0:0:0:0:0:1" },
    { host: "engine",        cn: "x",       sans: "DNS:other, DNS:engine"      },
    { host: "ENGINE",        cn: "x",       sans: "DNS:engine"                 },
    { host: "engine.local.", cn: "x",       sans: "DNS:engine.local"           },
    { host: "e1.swarm.local", cn: "x",      sans: "DNS:*.swarm.local"               },
    { host: "engine",        cn: "engine",  sans: undefined                    },
    { host: "engine",        cn: ["a", "engine"], sans: undefined              },
  ];
  for (const { host, cn, sans } of fits)
    it(`accepts ${host} for ${sans ?? `the common name ${String(cn)}`}`, () =>
      expect(certificateNameError(host, certificate(cn, sans))).to.equal(undefined));

  // prettier-ignore
  const others = [
    { host: "127.0.0.2",  cn: "x",         sans: "IP Address:127.0.0.1", text: "x509: certificate is valid for 127.0.0.1, not 127.0.0.2" },
    { host: "127.0.0.1",  cn: "127.0.0.1", sans: undefined,              text: "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs" },
    { host: "127.0.0.1",  cn: "x",         sans: "DNS:127.0.0.1",        text: "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs" },
    { host: "e2",         cn: "e2",        sans: "DNS:e1, DNS:e3",       text: "x509: certificate is valid for e1, e3, not e2" },
    { host: "e2",         cn: "e1",        sans: undefined,              text: "x509: certificate is valid for e1, not e2" },
    { host: "e2",         cn: undefined,   sans: undefined,              text: "x509: certificate is not valid for any names, but wanted to match e2" },
    { host: "a.b.local",  cn: "x",         sans: "DNS:*.local",          text: "x509: certificate is valid for *.local, not a.b.local" },
  ];
  for (const { host, cn, sans, text } of others)
    it(`refuses ${host} for ${sans ?? `the common name ${String(cn)}`}`, () =>
      expect(certificateNameError(host, certificate(cn, sans))?.message).to.equal(text));

  it("looks at the common name only where there is no alternative name of any kind", () => {
    const text = "x509: certificate is not valid for any names, but wanted to match e1";
    expect(certificateNameError("e1", certificate("e1", "IP Address:10.0.0.1"))?.message).to.equal(text);
    expect(certificateNameError("e1", certificate("e1", "URI:spiffe://e1"))?.message).to.equal(text);
  });

  it("shows some of very many names", () => {
    const sans = Array.from({ length: 5000 }, (_, n) => `DNS:n${String(n)}`).join(", ");
    expect(certificateNameError("e1", certificate("e1", sans))?.message).to.equal(
      "x509: certificate is valid for n0, n1, n2, n3, n4, n5, n6, n7, …, not e1",
    );
  });

  it("is not misled by a name that holds what looks like another", () => {
    const forged = certificate("x", 'DNS:"a, IP Address:10.0.0.1", DNS:b');
    expect(certificateNameError("10.0.0.1", forged)?.message).to.match(/doesn't contain any IP SANs/);
  });
});
