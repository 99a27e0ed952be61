import { expect } from "chai";
import { TlsIdentity } from "../../src/tls/identity.ts";
import { TestAuthority } from "../support/certificates.ts";
import { makePki, type Pki } from "./pki.ts";

describe("tls/identity", () => {
  let pki: Pki;
  beforeEach(async () => (pki = await makePki()));
  afterEach(() => pki.remove());

  it("holds the CA only where peers are verified", () => {
    expect(pki.identity(true).context).to.include({ ca: pki.authority.ca, minVersion: "TLSv1.2" });
    expect(pki.identity(false).context).to.not.have.property("ca");
  });

  it("tells who listens of a reload, until they have enough", async () => {
    const identity = pki.identity(true);
    const seen: string[] = [];
    const stop = identity.onReload(() => seen.push(identity.leaf.subject));
    await pki.renew({ cn: "renewed" });
    identity.reload();
    stop();
    identity.reload();
    expect(seen).to.deep.equal(["CN=renewed"]);
  });

  it("tells nobody when the files hold what they held", () => {
    const identity = pki.identity(true);
    const before = identity.material;
    let told = 0;
    identity.onReload(() => told++);
    identity.reload();
    expect(told).to.equal(0);
    expect(identity.material).to.equal(before);
  });

  it("keeps all it had, and tells nobody, when one file cannot be used", async () => {
    const identity = pki.identity(true);
    const before = identity.material;
    let told = 0;
    identity.onReload(() => told++);
    const stranger = await TestAuthority.create("stranger");
    await pki.renew({}, stranger);
    pki.put("ca.pem", "");
    expect(() => identity.reload()).to.throw(`no certificate in ${pki.path("ca.pem")}`);
    expect(identity.material).to.equal(before);
    expect(told).to.equal(0);
  });

  it("does not take a certificate that has expired meanwhile, and warns of the one it keeps", () => {
    let now = Date.now();
    const { settings } = pki.identity(true);
    const identity = TlsIdentity.load(settings, () => now);
    expect(identity.warnings).to.deep.equal([]);
    now += 2 * 86_400_000;
    expect(() => identity.reload()).to.throw(/^The certificate in .*cert\.pem expired on /);
    expect(identity.warnings[0]).to.match(/cert\.pem expires on /);
  });

  it("refuses at once what OpenSSL would refuse later: certificates glued together without a line break", () => {
    const { cert } = pki.identity(false).material;
    pki.put("cert.pem", cert.trimEnd() + pki.authority.ca);
    expect(() => pki.identity(false)).to.throw(
      `(${pki.path("cert.pem")}, ${pki.path("key.pem")}): tls: bad end line. Key encrypted?`,
    );
  });
});
