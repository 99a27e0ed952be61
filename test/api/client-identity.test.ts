import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect } from "chai";
import { pino } from "pino";
import { clientIdentity } from "../../src/api/client-identity.ts";
import { Listener } from "../../src/api/listener.ts";
import { makePki, type Pki } from "../tls/pki.ts";
import { freePort, request, type ClientTls } from "./support.ts";

describe("api/client-identity", () => {
  // prettier-ignore
  const addresses = [
    { remoteAddress: "10.0.0.7",         is: "address 10.0.0.7" },
    { remoteAddress: "::ffff:10.0.0.7",  is: "address 10.0.0.7" },
    { remoteAddress: "fd00::7",          is: "address fd00::7" },
    { remoteAddress: "127.0.0.1",        is: "address loopback" },
    { remoteAddress: "::ffff:127.0.0.1", is: "address loopback" },
    { remoteAddress: "::1",              is: "address loopback" },
    { remoteAddress: undefined,          is: "address local" },
  ];
  for (const { remoteAddress, is } of addresses) {
    it(`takes a client of ${remoteAddress ?? "a unix socket"} for "${is}"`, () => {
      const socket = Object.defineProperty(new Socket(), "remoteAddress", { value: remoteAddress });
      expect(clientIdentity(new IncomingMessage(socket))).to.equal(is);
    });
  }

  describe("with TLS", () => {
    let pki: Pki;
    before(async () => (pki = await makePki()));
    after(() => pki.remove());

    async function identities(verify: boolean, clients: readonly ClientTls[]): Promise<string[]> {
      const port = await freePort();
      await using _listener = await Listener.open(
        { proto: "tcp", host: "127.0.0.1", port, addr: "" },
        { handle: (req, res) => void res.end(clientIdentity(req)), wantsConnection: () => false },
        pino({ level: "silent" }),
        pki.identity(verify),
      );
      return await Promise.all(
        clients.map(async (client) => (await request(port, "GET", "/", {}, client)).text),
      );
    }

    it("knows clients by their certificate's subject, whatever its issue", async () => {
      const clients = [
        await pki.client({ cn: "ann", ou: ["ops"] }),
        await pki.client({ cn: "ann", ou: ["ops"] }),
        await pki.client({ cn: "bob", ou: ["ops"] }),
      ];
      const [ann, again, bob] = await identities(true, clients);
      expect(ann).to.match(/^subject .*ann/);
      expect(again).to.equal(ann);
      expect(bob).to.match(/^subject .*bob/);
    });

    it("believes no certificate that it did not verify", async () => {
      const clients = [await pki.client({ cn: "ann" }), { ca: pki.authority.ca }];
      expect(await identities(false, clients)).to.deep.equal(["address loopback", "address loopback"]);
    });
  });
});
