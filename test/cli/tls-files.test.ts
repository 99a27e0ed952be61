import { expect } from "chai";
import { loadIdentity, tlsWarnings } from "../../src/cli/tls-files.ts";
import type { ListenAddress } from "../../src/config.ts";
import { tlsFolder, type TlsFolder } from "./tls-folder.ts";

describe("cli/tls-files", () => {
  let folder: TlsFolder;
  before(async () => (folder = await tlsFolder()));
  after(() => folder.remove());

  const mandatory = "--tlscert and --tlskey must be provided when using --tls";
  const pointless = "--tlscert, --tlskey and --tlscacert require the use of either --tls or --tlsverify";
  const pair = (cert: string, key: string, reason: string) =>
    `Couldn't load X509 key pair (<${cert}>, <${key}>): ${reason}. Key encrypted?`;
  const ca = (reason: string) => `Couldn't read CA certificate: ${reason}`;

  /** The flags of `tlsverify cert=cert.pem`: names stand for files of the folder. */
  function flags(text: string) {
    const words = text.split(" ");
    const file = (flag: string): string => {
      const name = words.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
      return name === undefined ? "" : folder.path(name);
    };
    return {
      tls: words.includes("tls"),
      tlsverify: words.includes("tlsverify"),
      tlscert: file("cert"),
      tlskey: file("key"),
      tlscacert: file("ca"),
    };
  }

  /** A text with `<x>` for the path of x and `<date>` for any date. */
  const neutral = (text: string): string =>
    text
      .replaceAll(folder.path("x").slice(0, -1), "")
      .replaceAll(folder.path("."), ".")
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "DATE")
      .replace(/<([^>]+)>/g, "$1");

  const good = "cert=cert.pem key=key.pem";
  // prettier-ignore
  const cases = [
    { flags: "",                                    is: false },
    { flags: "cert=cert.pem",                       error: pointless },
    { flags: "key=key.pem",                         error: pointless },
    { flags: "ca=cert.pem",                         error: pointless },
    { flags: "tls",                                 error: mandatory },
    { flags: "tls cert=cert.pem",                   error: mandatory },
    { flags: "tlsverify key=key.pem ca=cert.pem",   error: mandatory },
    { flags: `tlsverify ${good}`,                   error: "--tlscacert must be provided when using --tlsverify" },
    { flags: `tls ${good}`,                         is: true },
    { flags: `tls ${good} ca=nope`,                 is: true },
    { flags: `tlsverify ${good} ca=ca.pem`,         is: true },
    { flags: `tls tlsverify ${good} ca=ca.pem`,     is: true },
    { flags: "tls cert=nope key=key.pem",           error: pair("nope", "key.pem", "open <nope>: no such file or directory") },
    { flags: "tls cert=cert.pem key=nope",          error: pair("cert.pem", "nope", "open <nope>: no such file or directory") },
    { flags: "tlsverify cert=cert.pem key=nope ca=nope",    error: pair("cert.pem", "nope", "open <nope>: no such file or directory") },
    { flags: "tls cert=. key=key.pem",              error: pair(".", "key.pem", "read <.>: is a directory") },
    { flags: "tls cert=huge.pem key=key.pem",       error: pair("huge.pem", "key.pem", "open <huge.pem>: larger than 1 MiB, which no certificate is") },
    { flags: "tls cert=cert.pem key=junk.pem",      error: pair("cert.pem", "junk.pem", "tls: failed to parse private key") },
    { flags: "tls cert=cert.pem key=encrypted-key.pem", error: pair("cert.pem", "encrypted-key.pem", "tls: failed to parse private key") },
    { flags: "tls cert=junk.pem key=key.pem",       error: pair("junk.pem", "key.pem", "tls: failed to find any PEM data in certificate input") },
    { flags: "tls cert=empty.pem key=key.pem",      error: pair("empty.pem", "key.pem", "tls: failed to find any PEM data in certificate input") },
    { flags: "tls cert=half.pem key=key.pem",       error: pair("half.pem", "key.pem", "tls: failed to parse certificate") },
    { flags: "tls cert=broken.pem key=key.pem",     error: pair("broken.pem", "key.pem", "tls: failed to parse certificate") },
    { flags: "tls cert=cert.pem key=other-key.pem", error: pair("cert.pem", "other-key.pem", "tls: private key does not match public key") },
    { flags: "tls cert=key.pem key=cert.pem",       error: pair("key.pem", "cert.pem", "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched") },
    { flags: "tls cert=cert.pem key=cert.pem",      error: pair("cert.pem", "cert.pem", "tls: found a certificate rather than a key in the PEM for the private key") },
    { flags: `tlsverify ${good} ca=nope`,           error: ca("open <nope>: no such file or directory") },
    { flags: `tlsverify ${good} ca=junk.pem`,       error: ca("no certificate in <junk.pem>") },
    { flags: `tlsverify ${good} ca=key.pem`,        error: ca("no certificate in <key.pem>") },
    { flags: `tlsverify ${good} ca=broken.pem`,     error: ca("<broken.pem>: tls: failed to parse certificate") },
    { flags: `tlsverify ${good} ca=ca-half.pem`,    error: ca("<ca-half.pem>: tls: failed to parse certificate") },
    { flags: "tlsverify cert=old.pem key=old-key.pem ca=nope", error: ca("open <nope>: no such file or directory") },
    { flags: "tls cert=old.pem key=old-key.pem",    error: "The certificate in <old.pem> expired on DATE: put a current one there" },
    { flags: "tls cert=early.pem key=early-key.pem", error: "The certificate in <early.pem> is not valid before DATE: check the clock of this machine, or issue a new one" },
    { flags: `tlsverify ${good} ca=ca-expired.pem`, error: "The CA certificate in <ca-expired.pem> expired on DATE: put a current one there" },
    { flags: `tlsverify ${good} ca=ca-half-expired.pem`, is: true },
    { flags: `tlsverify ${good} ca=ca-between.pem`, error: "No CA certificate in <ca-between.pem> is a root, so that nobody can be verified: add the certificate of CN=other" },
  ];
  for (const c of cases) {
    const outcome =
      c.error === undefined ? `TLS ${c.is ? "on" : "off"}` : c.error.replace(/<([^>]+)>/g, "$1");
    it(`answers "${c.flags}" with ${outcome}`, () => {
      const check = () => loadIdentity(flags(c.flags))?.settings;
      if (c.error === undefined) {
        expect(check() !== undefined).to.equal(c.is);
        return;
      }
      let message = "";
      try {
        check();
      } catch (error) {
        message = (error as Error).message;
      }
      expect(neutral(message)).to.equal(neutral(c.error));
    });
  }

  it("keeps the paths, and forgets a CA nobody is verified against", () => {
    const [cert, key] = [folder.path("cert.pem"), folder.path("key.pem")];
    expect(loadIdentity(flags(`tls ${good} ca=nope`))?.settings).to.deep.equal({
      verify: false,
      ca: undefined,
      cert,
      key,
    });
    expect(loadIdentity(flags(`tlsverify ${good} ca=ca.pem`))?.settings).to.deep.equal({
      verify: true,
      ca: folder.path("ca.pem"),
      cert,
      key,
    });
  });

  describe("warns", () => {
    const local: ListenAddress = { proto: "tcp", host: "127.0.0.1", port: 1, addr: "127.0.0.1:1" };
    const everywhere: ListenAddress = { proto: "tcp", host: "", port: 2375, addr: ":2375" };
    const unix: ListenAddress = { proto: "unix", path: "/x.sock", addr: "/x.sock" };
    const verified = (cert: string) => `tlsverify cert=${cert}.pem key=${cert}-key.pem ca=ca.pem`;
    const danger = (addr: string) =>
      `DANGER: whoever reaches tcp://${addr} controls every engine and is root on its host: no client certificate is asked for. Use --tlsverify, or listen on 127.0.0.1 or a unix socket`;
    const unverified =
      "--tls without --tlsverify: connections are encrypted, but neither clients nor engines have to prove who they are; use --tlsverify with --tlscacert";
    const foreign = (host: string) =>
      `The certificate in cert.pem is not for ${host} (--advertise): other managers and clients that verify will refuse it; issue it with ${host} as a subject alternative name`;
    // prettier-ignore
    const warned: readonly { flags: string; hosts?: ListenAddress[]; advertise?: string; says: string[] }[] = [
      { flags: "",                               says: [] },
      { flags: "",                               hosts: [local, everywhere, unix], says: [danger(":2375")] },
      { flags: "",                               hosts: [{ ...local, host: "::1" }, { ...local, host: "localhost" }, unix], says: [] },
      { flags: "",                               hosts: [{ ...local, host: "::", addr: "[::]:1" }, { ...local, host: "m1", addr: "m1:1" }], says: [danger("[::]:1"), danger("m1:1")] },
      { flags: `tls ${good}`,                    says: [unverified] },
      { flags: `tls ${good}`,                    hosts: [everywhere], says: [unverified, danger(":2375")] },
      { flags: `tlsverify ${good} ca=ca.pem`,    hosts: [everywhere], says: [] },
      { flags: `tlsverify ${good} ca=ca.pem`,    advertise: "10.0.0.1:3376",   says: [] },
      { flags: `tlsverify ${good} ca=ca.pem`,    advertise: "m1.example:3376", says: [] },
      { flags: `tlsverify ${good} ca=ca.pem`,    advertise: "10.0.0.2:3376",   says: [foreign("10.0.0.2")] },
      { flags: `tlsverify ${good} ca=ca.pem`,    advertise: "m2.example:3376", says: [foreign("m2.example")] },
      { flags: `tlsverify ${good} ca=ca.pem`,    advertise: "nonsense",        says: [] },
      { flags: verified("bare"),                 says: [] },
      { flags: verified("server"),               says: ["The certificate in server.pem is not for clients (no clientAuth usage): engines that verify will refuse this manager"] },
      { flags: verified("client"),               says: ["The certificate in client.pem is not for servers (no serverAuth usage): clients that verify will refuse this manager"] },
      { flags: verified("expiring"),             says: ["The certificate in expiring.pem expires on DATE: put a new one there before that and send SIGHUP"] },
      { flags: `tlsverify ${good} ca=ca-half-expired.pem`, says: [
        "The CA certificate of CN=old authority in ca-half-expired.pem expired on DATE: put a current one there",
        "The CA certificate of CN=old authority in ca-half-expired.pem vouches for nobody: the certificate of CN=other is not there" ] },
      { flags: `tlsverify ${good} ca=ca-orphan.pem`, says: ["The CA certificate of CN=between in ca-orphan.pem vouches for nobody: the certificate of CN=other is not there"] },
    ];
    for (const { flags: given, hosts = [local], advertise = "", says } of warned) {
      const where = hosts.map(({ addr }) => addr).join(" ");
      it(`of ${says.length} things with "${given}" on ${where}${advertise && `, advertised as ${advertise}`}`, () => {
        const warnings = tlsWarnings(loadIdentity(flags(given)), hosts, advertise);
        expect(warnings.map(neutral)).to.deep.equal(says);
      });
    }
  });
});
