import { expect } from "chai";
import { Socket, type AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import { clientNamed, clientOf } from "../../../src/api/access/client.ts";
import { TestAuthority } from "../../support/certificates.ts";

describe("api/access/client", () => {
  // prettier-ignore
  const cases = [
    { it: "a name and a unit",            subject: { CN: "a", OU: "x" },            is: { cn: "a", units: ["x"] } },
    { it: "several units",                subject: { CN: "a", OU: ["x", "y"] },     is: { cn: "a", units: ["x", "y"] } },
    { it: "no name",                      subject: { OU: "x" },                     is: { cn: undefined, units: ["x"] } },
    { it: "names in other alphabets",     subject: { CN: "Zoë 東京" },              is: { cn: "Zoë 東京", units: [] } },
    { it: "nothing of other fields",      subject: { O: "x", emailAddress: "y" },   is: { cn: undefined, units: [] } },
    { it: "nothing inherited",            subject: Object.create({ CN: "root" }) as object, is: { cn: undefined, units: [] } },
  ];
  for (const { it: what, subject, is } of cases) {
    it(`reads ${what}`, () => {
      expect(clientNamed(subject as Record<string, unknown>)).to.deep.equal(is);
    });
  }

  // prettier-ignore
  const nobodies = [
    { it: "two common names",             subject: { CN: ["a", "root"] } },
    { it: "one common name twice",        subject: { CN: ["a", "a"] } },
    { it: "a name with a NUL",            subject: { CN: "root\u0000.evil" } },
    { it: "a name of two lines",          subject: { CN: "x\nCN=root" } },
    { it: "a unit of two lines",          subject: { CN: "a", OU: ["x", "y\r\nz"] } },
    { it: "an invisible character",       subject: { CN: "ro\u200Bot" } },
    { it: "a turned direction",           subject: { CN: "\u202Etoor" } },
    { it: "an empty name",                subject: { CN: "" } },
    { it: "a name that is no text",       subject: { CN: undefined } },
    { it: "an endless name",              subject: { CN: "a".repeat(1_025) } },
  ];
  for (const { it: what, subject } of nobodies) {
    it(`knows nobody with ${what}`, () => {
      expect(clientNamed(subject)).to.equal(undefined);
    });
  }

  it("knows nobody on a connection without TLS", () => {
    expect(clientOf(new Socket())).to.equal(undefined);
  });
});

describe("api/access/client over TLS", () => {
  const cases = [
    { it: "knows a client with a certificate of the CA", of: "ours", is: { cn: "alice", units: ["a", "b"] } },
    { it: "knows nobody with a certificate of another CA", of: "theirs", is: undefined },
    { it: "knows nobody without a certificate", of: "none", is: undefined },
  ] as const;
  for (const { it: what, of, is } of cases) {
    it(what, async () => {
      const [ours, theirs] = await Promise.all([
        TestAuthority.create("ours"),
        TestAuthority.create("theirs"),
      ]);
      const pairs = {
        ours: await ours.issue({ cn: "alice", ou: ["a", "b"] }),
        theirs: await theirs.issue({ cn: "alice", ou: ["a", "b"] }),
        none: {},
      };
      const options = { requestCert: true, rejectUnauthorized: false, ca: ours.ca };
      const server = createServer({ ...(await ours.issue({ cn: "server" })), ...options });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const seen = new Promise((resolve) => {
        server.once("secureConnection", (socket) => {
          resolve(clientOf(socket));
          socket.destroy();
        });
      });
      const { port } = server.address() as AddressInfo;
      const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...pairs[of] });
      socket.on("error", () => undefined);
      expect(await seen).to.deep.equal(is);
      socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
  }
});
