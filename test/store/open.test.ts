import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { speaksVersion2 } from "../../src/store/etcd.ts";
import { openServerStore, openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { freePort } from "../lab/free-port.ts";
import { quick, rejection } from "../live/store/under-test.ts";
import { TestAuthority } from "../support/certificates.ts";

describe("store/open", () => {
  const servers: Server[] = [];
  const stores: Store[] = [];
  const open = async (...args: Parameters<typeof openStore>) => {
    const store = await openStore(args[0], { ...quick, ...args[1] });
    stores.push(store);
    return store;
  };
  const serve = async (answer: (request: IncomingMessage) => { status: number; body: unknown }) => {
    const server = createServer((request, response) => {
      const { status, body } = answer(request);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    }).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  };
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    for (const server of servers.splice(0)) server.close().closeAllConnections();
  });

  for (const scheme of ["consul", "etcd", "zk"]) {
    it(`${scheme}: a port nobody listens on is unreachable, at once`, async () => {
      const address = `${scheme}://127.0.0.1:${String(await freePort("127.0.0.1"))}/x`;
      const store = await open(address, { callTimeoutMs: 20_000 });
      const begin = performance.now();
      const error = await rejection(store.get("k"));
      expect([error.kind, performance.now() - begin < 9_000]).to.deep.equal(["unreachable", true]);
      expect(error.message).to.match(new RegExp(`^${scheme}://127\\.0\\.0\\.1:\\d+/x: `));
    });

    it(`${scheme}: a server that speaks something else is an error, in time`, async () => {
      const address = await serve(() => ({ status: 418, body: "teapot" }));
      const store = await open(`${scheme}://${address}`);
      expect((await rejection(store.get("k"))).kind).to.be.oneOf(["failed", "unreachable"]);
    });
  }

  for (const version of ["v2", "v3"]) {
    it(`etcd ${version}: a port nobody listens on is unreachable, at once`, async () => {
      const options = { "kv.etcd": version };
      const address = `etcd://127.0.0.1:${String(await freePort("127.0.0.1"))}`;
      const store = await open(address, { options, callTimeoutMs: 20_000 });
      const begin = performance.now();
      expect((await rejection(store.put("k", "v"))).kind).to.equal("unreachable");
      expect(performance.now() - begin).to.be.lessThan(9_000);
    });
  }

  it("asks an etcd once which version it wants", async () => {
    const signal = AbortSignal.timeout(5000);
    // prettier-ignore
    const answers = [
      { status: 200, v2: true },
      { status: 401, v2: true },
      { status: 404, v2: false },
    ];
    for (const { status, v2 } of answers) {
      const address = await serve(({ url }) => ({ status: url === "/v2/keys" ? status : 500, body: {} }));
      expect(await speaksVersion2({ endpoints: [address], name: "etcd" }, signal)).to.equal(v2);
    }
    const broken = await serve(() => ({ status: 503, body: {} }));
    const endpoints = [`127.0.0.1:${String(await freePort("127.0.0.1"))}`, broken] as const;
    const refused = await rejection(speaksVersion2({ endpoints, name: "etcd" }, signal));
    expect(refused.message).to.equal("etcd: status 503 for /v2/keys");
  });

  it("goes to the next Consul when one is gone, and names the token", async () => {
    const tokens: unknown[] = [];
    const address = await serve(({ headers }) => {
      tokens.push(headers["x-consul-token"]);
      return { status: 404, body: [] };
    });
    const dead = `127.0.0.1:${String(await freePort("127.0.0.1"))}`;
    for (const given of [{ options: { "kv.token": "s3cret" } }, { env: { CONSUL_HTTP_TOKEN: "s3cret" } }]) {
      const store = await open(`consul://${dead},${address}/x`, given);
      expect(await store.get("k")).to.equal(undefined);
    }
    expect(tokens).to.deep.equal(["s3cret", "s3cret"]);
  });

  describe("options", () => {
    let folder: string;
    before(async () => {
      folder = mkdtempSync(path.join(tmpdir(), "swarm-store-"));
      const authority = await TestAuthority.create();
      const [pair, other] = [await authority.issue({ cn: "one" }), await authority.issue({ cn: "two" })];
      const files = {
        "ca.pem": `a comment\n${authority.ca}`,
        "cert.pem": pair.cert,
        "key.pem": pair.key,
        "other-key.pem": other.key,
        "empty.pem": "",
        "damaged.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      };
      for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    });
    after(() => rmSync(folder, { recursive: true }));

    // prettier-ignore
    const files = [
      { it: "takes a set that belongs together",         ca: "ca.pem",      cert: "cert.pem",    key: "key.pem",       says: "" },
      { it: "refuses TLS that is only half there",       ca: "ca.pem",      cert: "",            key: "",              says: "TLS to the store needs kv.cacertfile, kv.certfile, kv.keyfile: kv.certfile, kv.keyfile are missing" },
      { it: "names the one file that is missing",        ca: "",            cert: "cert.pem",    key: "key.pem",       says: "TLS to the store needs kv.cacertfile, kv.certfile, kv.keyfile: kv.cacertfile is missing" },
      { it: "names an authority it cannot read",         ca: "nope",        cert: "nope",        key: "nope",          says: 'could not read CA certificate "DIR/nope": open DIR/nope: no such file or directory' },
      { it: "names an authority that is none",           ca: "empty.pem",   cert: "nope",        key: "nope",          says: 'failed to append certificates from PEM file: "DIR/empty.pem"' },
      { it: "names an authority that is damaged",        ca: "damaged.pem", cert: "nope",        key: "nope",          says: 'failed to append certificates from PEM file: "DIR/damaged.pem"' },
      { it: "takes no key for an authority",             ca: "key.pem",     cert: "cert.pem",    key: "key.pem",       says: 'failed to append certificates from PEM file: "DIR/key.pem"' },
      { it: "names a certificate it cannot read",        ca: "ca.pem",      cert: "nope",        key: "key.pem",       says: "Could not load X509 key pair: open DIR/nope: no such file or directory" },
      { it: "names a certificate that is a folder",      ca: "ca.pem",      cert: ".",           key: "key.pem",       says: "Could not load X509 key pair: read DIR/.: is a directory" },
      { it: "names a key it cannot read",                ca: "ca.pem",      cert: "cert.pem",    key: "nope",          says: "Could not load X509 key pair: open DIR/nope: no such file or directory" },
      { it: "names a certificate that is none",          ca: "ca.pem",      cert: "key.pem",     key: "key.pem",       says: "Could not load X509 key pair: tls: no certificate in DIR/key.pem" },
      { it: "names a key that is none",                  ca: "ca.pem",      cert: "cert.pem",    key: "cert.pem",      says: "Could not load X509 key pair: tls: no usable private key in DIR/cert.pem (it must be PEM and not encrypted)" },
      { it: "names two that do not belong together",     ca: "ca.pem",      cert: "cert.pem",    key: "other-key.pem", says: "Could not load X509 key pair: tls: private key does not match public key: DIR/other-key.pem is not of DIR/cert.pem" },
    ];
    for (const scheme of ["consul", "etcd", "zk"] as const) {
      for (const { it: title, ca, cert, key, says } of files) {
        it(`${scheme}: ${title}`, () => {
          const at = (name: string) => (name === "" ? "" : `${folder}/${name}`);
          const options = { "kv.cacertfile": at(ca), "kv.certfile": at(cert), "kv.keyfile": at(key) };
          const opened = () =>
            stores.push(openServerStore({ scheme, endpoints: ["a:1"], prefix: "" }, { options }));
          if (says === "") expect(opened).not.to.throw();
          else expect(opened).to.throw().with.property("message", says.replaceAll("DIR", folder));
        });
      }
    }

    it("refuses a user without a password, a token where there are none, and a version there is not", async () => {
      const refusal = async (url: string, options: Record<string, string>) =>
        (await rejection(open(url, { options }))).message;
      expect(await refusal("etcd://a:1", { "kv.user": "root" })).to.include("go together");
      expect(await refusal("zk://a:1", { "kv.token": "x" })).to.include("consul:// only");
      expect(await refusal("etcd://a:1", { "kv.etcd": "v4" })).to.equal("kv.etcd is auto, v2 or v3, not v4");
    });
  });
});
