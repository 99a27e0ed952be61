import { once } from "node:events";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { clientOf } from "../../src/discovery-service/client-address.ts";
import { openBench, useFolder } from "./support.ts";

const unknown = "f".repeat(32);

/** Sends bytes as they are and gives the whole answer. */
async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.setTimeout(5000, () => socket.destroy(new Error("no answer")));
  socket.write(bytes);
  return await text(socket);
}

describe("discovery-service/service", () => {
  const folder = useFolder();

  describe("the hub's API", () => {
    for (const base of ["", "/v1"]) {
      it(`gives tokens, takes entries and lists them at ${base === "" ? "the root" : base}`, async () => {
        await using bench = await openBench(folder());
        const created = await bench.ask("POST", `${base}/clusters`);
        const token = await created.text();
        expect([created.status, token]).to.satisfy(([status, body]: [number, string]) => {
          return status === 200 && /^[0-9a-f]{32}$/.test(body);
        });
        const cluster = `${base}/clusters/${token}`;
        expect(await bench.tell("GET", cluster)).to.equal("200 []");
        expect(await bench.tell("POST", `${cluster}?ttl=60`, "10.0.0.9:2375")).to.equal("200 OK");
        expect(await bench.tell("POST", cluster, '"[::1]:2375"')).to.equal("200 OK");
        const list = await bench.ask("GET", cluster);
        expect(list.headers.get("content-type")).to.match(/^application\/json/);
        expect(list.headers.get("cache-control")).to.equal("no-store");
        expect(await list.text()).to.equal('["10.0.0.9:2375","[::1]:2375"]');
        expect((await bench.ask("HEAD", cluster)).status).to.equal(200);
        expect(await bench.tell("DELETE", `${cluster}/${encodeURIComponent("[::1]:2375")}`)).to.equal(
          "200 OK",
        );
        expect(await bench.tell("DELETE", `${cluster}/[::1]:2375`)).to.equal(
          '404 {"message":"no such entry"}',
        );
        expect(await bench.tell("GET", cluster)).to.equal('200 ["10.0.0.9:2375"]');
        expect(await bench.tell("DELETE", cluster)).to.equal("200 OK");
        expect(await bench.tell("GET", cluster)).to.equal('404 {"message":"no such cluster"}');
      });
    }

    it("takes the agents' bare address although they call it JSON", async () => {
      await using bench = await openBench(folder());
      const cluster = `/clusters/${await bench.create()}`;
      const headers = { "Content-Type": "application/json" };
      expect((await bench.ask("POST", `${cluster}?ttl=180`, "a:1", headers)).status).to.equal(200);
      expect(await bench.tell("GET", cluster)).to.equal('200 ["a:1"]');
    });

    // prettier-ignore
    const lives = [
      { query: "",       seconds: 180 },
      { query: "?ttl=",  seconds: 180 },
      { query: "?ttl=0", seconds: 180 },
      { query: "?ttl=5", seconds: 5 },
    ];
    for (const c of lives) {
      it(`lets an entry with "${c.query}" live ${c.seconds} s`, async () => {
        await using bench = await openBench(folder());
        const cluster = `/clusters/${await bench.create()}`;
        await bench.tell("POST", cluster + c.query, "a:1");
        bench.clock.advance(c.seconds * 1000 - 1);
        expect(await bench.tell("GET", cluster)).to.equal('200 ["a:1"]');
        bench.clock.advance(1);
        expect(await bench.tell("GET", cluster)).to.equal("200 []");
      });
    }

    // prettier-ignore
    const refused = [
      { method: "POST",   path: `/clusters/${unknown}`,   body: "a:1",              says: "404 no such cluster" },
      { method: "GET",    path: `/clusters/${unknown}`,   body: undefined,          says: "404 no such cluster" },
      { method: "GET",    path: "/clusters/x",            body: undefined,          says: "404 no such cluster" },
      { method: "GET",    path: "/clusters/%2e%2e",       body: undefined,          says: "404 page not found" },
      { method: "GET",    path: "/clusters/TOKEN%00",     body: undefined,          says: "404 no such cluster" },
      { method: "GET",    path: "/clusters/%zz",          body: undefined,          says: "400 malformed request" },
      { method: "GET",    path: "/clusters",              body: undefined,          says: "405 only POST here" },
      { method: "PUT",    path: "/clusters/TOKEN",        body: "a:1",              says: "405 only GET, HEAD, POST, DELETE here" },
      { method: "GET",    path: "/clusters/TOKEN/a:1",    body: undefined,          says: "405 only DELETE here" },
      { method: "GET",    path: "/",                      body: undefined,          says: "404 page not found" },
      { method: "GET",    path: "/V1/clusters",           body: undefined,          says: "404 page not found" },
      { method: "GET",    path: `/${"x".repeat(1100)}`,   body: undefined,          says: "414 the URL is longer than 1024 characters" },
      { method: "POST",   path: "/clusters/TOKEN",        body: undefined,          says: "400 the body must be host:port" },
      { method: "POST",   path: "/clusters/TOKEN",        body: "a",                says: "400 address a: missing port in address" },
      { method: "POST",   path: "/clusters/TOKEN",        body: "a:0",              says: "400 address a:0: the port must be a number from 1 to 65535" },
      { method: "POST",   path: "/clusters/TOKEN",        body: "a b:1",            says: "400 address a b:1: invalid character in host" },
      { method: "POST",   path: "/clusters/TOKEN",        body: '"a:1',             says: "400 the body is neither host:port nor a JSON string" },
      { method: "POST",   path: "/clusters/TOKEN",        body: '["a:1"]',          says: "400 address [\"a:1\"]: missing port in address" },
      { method: "POST",   path: "/clusters/TOKEN",        body: `${"a".repeat(300)}:1`, says: "400 the address is longer than 259 characters" },
      { method: "POST",   path: "/clusters/TOKEN",        body: "a".repeat(2000),   says: "413 the body is longer than 1024 bytes" },
      { method: "POST",   path: "/clusters",              body: "a".repeat(2000),   says: "413 the body is longer than 1024 bytes" },
      { method: "POST",   path: "/clusters/TOKEN?ttl=-1", body: "a:1",              says: "400 ttl must be a number of whole seconds" },
      { method: "POST",   path: "/clusters/TOKEN?ttl=1s", body: "a:1",              says: "400 ttl must be a number of whole seconds" },
      { method: "POST",   path: "/clusters/TOKEN?ttl=1&ttl=2", body: "a:1",         says: "400 ttl must be a number of whole seconds" },
      { method: "POST",   path: "/clusters/TOKEN?ttl=3601", body: "a:1",            says: "400 ttl must be at most 3600 seconds" },
    ];
    for (const c of refused) {
      it(`answers ${c.method} ${c.path.slice(0, 30)} ${c.body?.slice(0, 10) ?? ""}: ${c.says}`, async () => {
        await using bench = await openBench(folder());
        const token = await bench.create();
        const answer = await bench.ask(c.method, c.path.replace("TOKEN", token), c.body);
        const { message } = (await answer.json()) as { message: string };
        expect(`${answer.status} ${message}`).to.equal(c.says);
        expect(await bench.tell("GET", `/clusters/${token}`)).to.equal("200 []");
      });
    }

    it("refuses compressed bodies, which could be large", async () => {
      await using bench = await openBench(folder());
      const answer = await bench.ask("POST", "/clusters", "x", { "Content-Encoding": "gzip" });
      expect(`${answer.status} ${await answer.text()}`).to.equal(
        '415 {"message":"the body must be plain, uncompressed UTF-8"}',
      );
    });

    it("tells load balancers that it is there", async () => {
      await using bench = await openBench(folder());
      expect(await bench.tell("GET", "/health")).to.equal('200 {"status":"ok","saved":true}');
      expect((await bench.ask("HEAD", "/health")).status).to.equal(200);
    });

    it("shows no whole token in its log", async () => {
      await using bench = await openBench(folder());
      const token = await bench.create();
      await bench.tell("POST", `/clusters/${token}`, "a:1");
      await bench.tell("POST", `/clusters/${token}`, "b");
      expect(bench.logged.join("\n")).to.include(token.slice(0, 6)).and.not.include(token.slice(0, 7));
    });
  });

  describe("limits", () => {
    it("answers 429 and when to come back, each kind of request by itself", async () => {
      await using bench = await openBench(folder(), { rates: { create: 2, register: 3, read: 4 } });
      const cluster = `/clusters/${await bench.create()}`;
      const statuses = async (times: number, method: string, where: string) => {
        const all = [];
        for (let time = 0; time < times; time++)
          all.push((await bench.ask(method, where, method === "POST" ? "a:1" : undefined)).status);
        return all.join(" ");
      };
      expect(await statuses(2, "POST", "/v1/clusters")).to.equal("200 429");
      expect(await statuses(4, "POST", cluster)).to.equal("200 200 200 429");
      expect(await statuses(5, "GET", cluster)).to.equal("200 200 200 200 429");
      const answer = await bench.ask("GET", cluster);
      expect(Number(answer.headers.get("retry-after"))).to.be.within(1, 60);
      expect(await answer.text()).to.equal(
        '{"message":"too many requests: at most 4 a minute from one address"}',
      );
      expect(await statuses(9, "GET", "/health")).to.equal("200 200 200 200 200 200 200 200 200");
    });

    it("counts clients by X-Forwarded-For only behind a proxy it was told of", async () => {
      for (const c of [
        { trustedProxies: 0, second: 429 },
        { trustedProxies: 1, second: 200 },
      ]) {
        await using bench = await openBench(folder(), { ...c, rates: { create: 1 } });
        const from = async (client: string) =>
          (await bench.ask("POST", "/clusters", "", { "X-Forwarded-For": client })).status;
        expect(await from("10.0.0.1")).to.equal(200);
        expect(await from("10.0.0.2")).to.equal(c.second);
        expect(await from("10.0.0.1")).to.equal(429);
      }
    });

    it("answers 503 when it is full", async () => {
      await using bench = await openBench(folder(), { limits: { maxClusters: 1, maxEntries: 1 } });
      const cluster = `/clusters/${await bench.create()}`;
      expect(await bench.tell("POST", "/clusters")).to.match(/^503 .*as many clusters as it may \(1\)/);
      await bench.tell("POST", cluster, "a:1");
      expect(await bench.tell("POST", cluster, "b:1")).to.match(/^503 .*as many entries as it may \(1\)/);
      expect(await bench.tell("POST", cluster, "a:1")).to.equal("200 OK");
    });

    // prettier-ignore
    const clients = [
      { address: "10.0.0.1",                is: "10.0.0.1" },
      { address: "::ffff:10.0.0.1",         is: "10.0.0.1" },
      { address: "2001:db8:0:12ff::1",      is: "2001:db8:0:1200::/56" },
      { address: "2001:db8:0:1234:5::9",    is: "2001:db8:0:1200::/56" },
      { address: "2001:db8:0:1334:5::9",    is: "2001:db8:0:1300::/56" },
      { address: "fe80::1%eth0",            is: "fe80::/56" },
    ];
    for (const c of clients) {
      it(`takes ${c.address} for a client of ${c.is}: one subscriber has many addresses`, () => {
        expect(clientOf(c.address)).to.equal(c.is);
      });
    }

    it("lets one client have a quarter of the connections", async () => {
      await using bench = await openBench(folder(), { maxConnections: 8 });
      const port = bench.service.ports[0]!;
      const first = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
      try {
        await Promise.all(first.map((socket) => once(socket, "connect")));
        const third = connect(port, "127.0.0.1");
        third.on("error", () => undefined);
        await once(third, "close");
        const other = connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" });
        other.write("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        expect(await text(other)).to.match(/^HTTP\/1.1 200/);

        first[0]!.destroy();
        let answer = "";
        while (answer === "") answer = await bench.tell("GET", "/health").catch(() => "");
        expect(answer).to.match(/^200/);
      } finally {
        for (const socket of first) socket.destroy();
      }
    });

    it("answers what is no HTTP, and headers without end", async () => {
      await using bench = await openBench(folder());
      const port = bench.service.ports[0]!;
      expect(await sendRaw(port, "hello\r\n\r\n")).to.match(
        /^HTTP\/1.1 400 .*\r\n\r\n\{"message":"malformed HTTP request"\}\n$/s,
      );
      expect(await sendRaw(port, `GET / HTTP/1.1\r\nHost: x\r\nA: ${"x".repeat(9000)}\r\n\r\n`)).to.match(
        /^HTTP\/1.1 431 .*"request headers too large"/s,
      );
    });
  });

  describe("on disk", () => {
    const file = () => path.join(folder(), "clusters.json");

    it("keeps tokens and entries, whose lives begin anew", async () => {
      let cluster: string;
      {
        await using bench = await openBench(folder());
        cluster = `/clusters/${await bench.create()}`;
        await bench.tell("POST", `${cluster}?ttl=10`, "a:1");
        bench.clock.advance(9000);
      }
      await using bench = await openBench(folder());
      bench.clock.advance(9000);
      expect(await bench.tell("GET", cluster)).to.equal('200 ["a:1"]');
      bench.clock.advance(1000);
      expect(await bench.tell("GET", cluster)).to.equal("200 []");
    });

    it("has a token on the disk before it gives it away", async () => {
      await using bench = await openBench(folder());
      expect(await readFile(file(), "utf8").catch(() => "")).to.equal("");
      const token = await bench.create();
      expect(await readFile(file(), "utf8")).to.include(token);
    });

    it("serves on without its disk, gives no new tokens, and recovers", async () => {
      await using bench = await openBench(folder());
      const cluster = `/clusters/${await bench.create()}`;
      await mkdir(`${file()}.draft`); // now nothing can be written
      expect(await bench.tell("POST", "/clusters")).to.equal(
        '503 {"message":"no new clusters: this service cannot write to its disk"}',
      );
      expect(await bench.tell("POST", cluster, "a:1")).to.equal("200 OK");
      expect(await bench.tell("GET", cluster)).to.equal('200 ["a:1"]');
      expect(await bench.tell("GET", "/health")).to.equal('200 {"status":"ok","saved":false}');
      expect(bench.logged.join("\n")).to.include("warn the clusters cannot be saved");
      await rm(`${file()}.draft`, { recursive: true });
      bench.clock.advance(10_000);
      let health = "";
      while (!health.includes("true")) health = await bench.tell("GET", "/health");
      expect(await readFile(file(), "utf8")).to.include('"a:1"');
      expect(await bench.tell("POST", "/clusters")).to.match(/^200 /);
    });

    it("does not begin with a damaged file, and leaves it as it is", async () => {
      await writeFile(file(), "garbage");
      const failure = await openBench(folder()).catch((error: unknown) => error as Error);
      expect(failure).to.be.instanceOf(Error).with.property("message").that.includes(`${file()} is damaged`);
      expect(await readFile(file(), "utf8")).to.equal("garbage");
      await rm(file());
      await using bench = await openBench(folder());
      expect(bench.service.ports).to.have.length(1);
    });

    it("names a folder it cannot use", async () => {
      await writeFile(path.join(folder(), "file"), "");
      const place = path.join(folder(), "file", "data");
      const failure = await openBench(place).catch((error: unknown) => error as Error);
      expect(failure)
        .to.be.instanceOf(Error)
        .with.property("message")
        .that.equals(
          `cannot use the data directory ${place}: not a directory; choose another with --data-dir`,
        );
    });

    it("forgets, also on the disk, clusters that nobody uses", async () => {
      let token: string;
      {
        await using bench = await openBench(folder());
        token = await bench.create();
        bench.clock.advance(86_400_000 + 5_000);
        expect(await bench.tell("GET", `/clusters/${token}`)).to.match(/^404/);
      }
      expect(await readFile(file(), "utf8")).to.not.include(token);
    });
  });

  it("says which address it cannot listen on, and leaves nothing open", async () => {
    await using bench = await openBench(path.join(folder(), "one"));
    const port = bench.service.ports[0]!;
    const hosts = [
      { host: "127.0.0.1", port: 0, addr: "127.0.0.1:0" },
      { host: "127.0.0.1", port, addr: `127.0.0.1:${port}` },
    ];
    const other = path.join(folder(), "two");
    const failure = await openBench(other, { hosts }).catch((error: unknown) => error as Error);
    expect(failure)
      .to.be.instanceOf(Error)
      .with.property("message")
      .that.equals(`listen tcp 127.0.0.1:${port}: bind: address already in use`);
    await using again = await openBench(other);
    expect(again.service.ports).to.have.length(1);
  });

  it("warns when others on the network can read along", async () => {
    const hosts = [{ host: "", port: 0, addr: ":0" }];
    await using bench = await openBench(folder(), { hosts });
    expect(bench.logged.join("\n")).to.match(/warn without TLS everybody on the way .*"addr":":0"/);
    await using quiet = await openBench(path.join(folder(), "two"));
    expect(quiet.logged.join("\n")).to.not.include("without TLS");
  });
});
