import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect } from "chai";
import { withBody } from "../../src/api/access/own/replayed-request.ts";
import { clientIdentity } from "../../src/api/client-identity.ts";
import {
  admitRelayed,
  decodeRelayed,
  encodeRelayed,
  relayedClient,
  type RelayedClient,
} from "../../src/api/relayed-client.ts";

const ann: RelayedClient = {
  client: { cn: "ann", units: ["ops", "people"] },
  identity: 'subject {"CN":"ann"}',
  address: "10.0.0.9:51034",
  builderNode: "",
};
const raw = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const { client: names, ...rest } = ann;
const fields = { ...names, ...rest };

describe("api/relayed-client", () => {
  // prettier-ignore
  const clients: readonly { it: string; client: RelayedClient }[] = [
    { it: "with a name and units",   client: ann },
    { it: "with a unit only",        client: { ...ann, client: { cn: undefined, units: ["ops"] } } },
    { it: "without any name",        client: { ...ann, client: { cn: undefined, units: [] } } },
    { it: "without a certificate",   client: { ...ann, client: undefined, identity: "address 10.0.0.9" } },
    { it: "on a unix socket",        client: { ...ann, client: undefined, identity: "address local", address: "local" } },
    { it: "on IPv6",                 client: { ...ann, address: "fe80::1%eth0:51034" } },
    { it: "with letters of its own", client: { ...ann, client: { cn: "Jürgen 🐳", units: [] } } },
    { it: "with a builder node",     client: { ...ann, builderNode: "storage==ssd" } },
  ];
  for (const { it: what, client } of clients) {
    it(`reads what it wrote of a client ${what}`, () => {
      expect(decodeRelayed(encodeRelayed(client))).to.deep.equal(client);
    });
  }

  // prettier-ignore
  const malformed = [
    { it: "nothing",                        text: "" },
    { it: "no base64url",                   text: "{}" },
    { it: "base64 of another alphabet",     text: `${raw(fields)}+/==` },
    { it: "no JSON",                        text: Buffer.from("ann").toString("base64url") },
    { it: "no UTF-8",                       text: Buffer.from('{"cn":"\xff"}', "latin1").toString("base64url") },
    { it: "a list",                         text: raw([fields]) },
    { it: "null",                           text: raw(null) },
    { it: "an unknown key",                 text: raw({ ...fields, role: "admin" }) },
    { it: "a name without units",           text: raw({ ...rest, cn: "ann" }) },
    { it: "several names",                  text: raw({ ...fields, cn: ["ann", "root"] }) },
    { it: "a name that is no text",         text: raw({ ...fields, cn: 1 }) },
    { it: "null for a name",                text: raw({ ...fields, cn: null }) },
    { it: "an empty name",                  text: raw({ ...fields, cn: "" }) },
    { it: "a name of two lines",            text: raw({ ...fields, cn: "ann\nroot" }) },
    { it: "a name with something invisible", text: raw({ ...fields, cn: "ann\u200b" }) },
    { it: "an endless name",                text: raw({ ...fields, cn: "a".repeat(1_025) }) },
    { it: "units that are no list",         text: raw({ ...fields, units: "ops" }) },
    { it: "a unit that is no text",         text: raw({ ...fields, units: [{}] }) },
    { it: "endlessly many units",           text: raw({ ...fields, units: Array(257).fill("u") }) },
    { it: "no identity",                    text: raw({ ...fields, identity: undefined }) },
    { it: "an identity of another kind",    text: raw({ ...fields, identity: "root" }) },
    { it: "an endless identity",            text: raw({ ...fields, identity: `subject ${"a".repeat(40_000)}` }) },
    { it: "an address of two lines",        text: raw({ ...fields, address: "a\nb" }) },
    { it: "no address",                     text: raw({ ...fields, address: "" }) },
    { it: "a builder node that is no text", text: raw({ ...fields, builderNode: [] }) },
    { it: "more than fits",                 text: raw({ ...fields, units: Array(200).fill("u".repeat(400)) }) },
  ];
  for (const { it: what, text } of malformed) {
    it(`refuses ${what}`, () => {
      expect(decodeRelayed(text)).to.equal(undefined);
    });
  }

  it("does not pass on what is too long to be read", () => {
    const client = { cn: "ann", units: Array<string>(200).fill("u".repeat(400)) };
    expect(() => encodeRelayed({ ...ann, client })).to.throw(/too long to be passed on/);
  });

  describe("at the door", () => {
    const arriving = (headers: Readonly<Record<string, string>>): IncomingMessage => {
      const req = new IncomingMessage(new Socket());
      req.rawHeaders = Object.entries(headers).flat();
      req.headers = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      );
      return req;
    };
    const said = {
      Host: "x",
      "X-Swarm-Via": "10.0.0.5:1, 10.0.0.6:1",
      "X-Swarm-Client": encodeRelayed(ann),
      "X-Swarm-Node": "n",
    };
    const [all, none] = [{ isManager: () => true }, { isManager: () => false }];

    it("believes a manager, and takes the headers off so that no engine hears them", () => {
      const req = arriving(said);
      admitRelayed(req, all);
      expect(relayedClient(req)).to.deep.equal({ ...ann, via: "10.0.0.6:1" });
      expect(clientIdentity(req)).to.equal(ann.identity);
      expect(req.headers).to.deep.equal({ host: "x", "x-swarm-node": "n" });
      expect(req.rawHeaders).to.deep.equal(["Host", "x", "X-Swarm-Node", "n"]);
    });

    it("knows the client of a request whose body was made anew", () => {
      const req = arriving(said);
      admitRelayed(req, all);
      expect(clientIdentity(withBody(req, {}))).to.equal(ann.identity);
    });

    it("believes whoever says so where everybody may do everything", () => {
      const req = arriving(said);
      admitRelayed(req, undefined);
      expect(relayedClient(req)?.client?.cn).to.equal("ann");
    });

    for (const [what, headers, managers] of [
      ["no manager", said, none],
      ["a manager that does not say who it is", { ...said, "X-Swarm-Via": "" }, all],
      ["a manager with an impossible address", { ...said, "X-Swarm-Via": "a\tb" }, all],
    ] as const) {
      it(`does not believe ${what}, and takes the headers off all the same`, () => {
        const req = arriving(headers);
        admitRelayed(req, managers);
        expect(relayedClient(req)).to.equal(undefined);
        expect(clientIdentity(req)).to.equal("address local");
        expect(Object.keys(req.headers)).to.deep.equal(["host", "x-swarm-node"]);
        expect(req.rawHeaders).to.have.length(4);
      });
    }

    it("refuses a manager it does not understand", () => {
      expect(() =>
        admitRelayed(arriving({ ...said, "X-Swarm-Client": raw({ ...fields, role: "admin" }) }), all),
      ).to.throw("malformed X-Swarm-Client header");
    });
  });
});
