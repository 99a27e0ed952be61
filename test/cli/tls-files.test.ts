import { expect } from "chai";
import { checkTlsFlags } from "../../src/cli/tls-files.ts";
import { tlsFolder } from "./tls-folder.ts";

describe("cli/tls-files", () => {
  const mandatory = "--tlscert and --tlskey must be provided when using --tls";
  const pair = (cert: string, key: string, reason: string) =>
    `Couldn't load X509 key pair (<${cert}>, <${key}>): ${reason}. Key encrypted?`;

  // `<x>` stands for the path of x in the folder of test files.
  // prettier-ignore
  const cases = [
    { flags: "",                                    is: false },
    { flags: "cert=cert.pem",                       error: "--tlscert, --tlskey and --tlscacert require the use of either --tls or --tlsverify" },
    { flags: "key=key.pem",                         error: "--tlscert, --tlskey and --tlscacert require the use of either --tls or --tlsverify" },
    { flags: "ca=cert.pem",                         error: "--tlscert, --tlskey and --tlscacert require the use of either --tls or --tlsverify" },
    { flags: "tls",                                 error: mandatory },
    { flags: "tls cert=cert.pem",                   error: mandatory },
    { flags: "tlsverify key=key.pem ca=cert.pem",   error: mandatory },
    { flags: "tlsverify cert=cert.pem key=key.pem", error: "--tlscacert must be provided when using --tlsverify" },
    { flags: "tls cert=cert.pem key=key.pem",       is: true },
    { flags: "tls cert=cert.pem key=key.pem ca=nope", is: true },
    { flags: "tlsverify cert=cert.pem key=key.pem ca=cert.pem",      is: true },
    { flags: "tls cert=nope key=key.pem",           error: pair("nope", "key.pem", "open <nope>: no such file or directory") },
    { flags: "tls cert=cert.pem key=nope",          error: pair("cert.pem", "nope", "open <nope>: no such file or directory") },
    { flags: "tls cert=cert.pem key=junk.pem",      error: pair("cert.pem", "junk.pem", "tls: failed to parse private key") },
    { flags: "tls cert=cert.pem key=encrypted-key.pem", error: pair("cert.pem", "encrypted-key.pem", "tls: failed to parse private key") },
    { flags: "tls cert=junk.pem key=key.pem",       error: pair("junk.pem", "key.pem", "tls: failed to find any PEM data in certificate input") },
    { flags: "tls cert=cert.pem key=other-key.pem", error: pair("cert.pem", "other-key.pem", "tls: private key does not match public key") },
    { flags: "tlsverify cert=cert.pem key=key.pem ca=nope",          error: "Couldn't read CA certificate: open <nope>: no such file or directory" },
    { flags: "tlsverify cert=cert.pem key=key.pem ca=junk.pem",      error: "Couldn't read CA certificate: no certificate in <junk.pem>" },
  ];
  for (const c of cases) {
    it(`answers "${c.flags}" with ${c.error ?? `TLS ${c.is ? "on" : "off"}`}`, () => {
      using folder = tlsFolder();
      const words = c.flags.split(" ");
      const file = (flag: string) => {
        const name = words.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
        return name === undefined ? "" : folder.path(name);
      };
      const check = () =>
        checkTlsFlags({
          tls: words.includes("tls"),
          tlsverify: words.includes("tlsverify"),
          tlscert: file("cert"),
          tlskey: file("key"),
          tlscacert: file("ca"),
        });
      if (c.error === undefined) expect(check()).to.equal(c.is);
      else {
        const message = c.error.replace(/<([^>]+)>/g, (_, name: string) => folder.path(name));
        expect(check).to.throw().with.property("message", message);
      }
    });
  }
});
