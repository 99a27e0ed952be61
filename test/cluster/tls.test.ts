import { once } from "node:events";
import { connect, type AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { expect } from "chai";
import { testIdentity, type TestIdentity } from "../docker/tls-engine.ts";
import { TestAuthority } from "../support/certificates.ts";
import { eventually, startWorld, type World } from "./world.ts";

describe("cluster: engines that serve TLS", function () {
  this.timeout(20_000);

  let authority: TestAuthority;
  let identity: TestIdentity;
  let world: World;
  const fronts = new Set<{ readonly addr: string; end(): void }>();
  before(async () => {
    authority = await TestAuthority.create();
  });
  beforeEach(async () => {
    identity = await testIdentity(authority);
    // So much of it that nothing is tried a second time, unless somebody says so.
    world = startWorld({ tls: identity.identity, random: () => 1_000 });
  });
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
    for (const front of fronts) front.end();
    fronts.clear();
    identity[Symbol.dispose]();
  });

  /** An engine behind TLS. */
  const tlsEngine = async () => {
    const { port: plainPort } = new URL(`http://${(await world.engine()).addr}`);
    const pair = await authority.issue({ cn: "engine", sans: ["127.0.0.1"] });
    const server = createServer({ ...pair, ca: authority.ca, requestCert: true }, (socket) => {
      const inner = connect(Number(plainPort), "127.0.0.1");
      socket.pipe(inner).pipe(socket);
      for (const one of [socket, inner])
        one.on("error", () => undefined).on("close", () => (socket.destroy(), inner.destroy()));
    });
    server.on("tlsClientError", () => undefined).listen(0, "127.0.0.1");
    await once(server, "listening");
    const front = {
      addr: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
      end: () => server.close(),
    };
    fronts.add(front);
    return front;
  };
  const warnings = (): number => world.logged.filter(({ level }) => level === 40).length;

  it("join", async () => {
    const engine = await tlsEngine();
    world.set(engine.addr);
    expect((await world.until(engine.addr, "Healthy")).error).to.equal("");
  });

  it("that we cannot verify stay pending with the reason, until our files are read again", async () => {
    await identity.replace(await TestAuthority.create("somebody else"));
    const { addr } = await tlsEngine();
    world.set(addr);
    await eventually("the reason", () => world.at(addr).error !== "");
    expect(world.at(addr).error).to.match(
      /^error during connect: .*: x509: certificate signed by unknown authority/,
    );
    expect(world.at(addr).state).to.equal("Pending");
    world.at(addr).wake();
    await identity.replace(authority);
    await world.until(addr, "Healthy");
    expect(warnings()).to.equal(1);
  });

  it("are not known to the identity any more after the cluster's end", async () => {
    const listeners = new Set<object>();
    const onReload = identity.identity.onReload.bind(identity.identity);
    identity.identity.onReload = (listener) => {
      const off = onReload(listener);
      listeners.add(listener);
      return () => listeners.delete(listener) && off();
    };
    await using short = startWorld({ tls: identity.identity });
    expect(listeners.size).to.equal(1);
    await short[Symbol.asyncDispose]();
    expect(listeners.size).to.equal(0);
  });
});
