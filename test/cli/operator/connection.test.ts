import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { managerAddress } from "../../../src/cli/operator/connection.ts";
import { swarm } from "../fake-world.ts";
import { fakeManager, nodeAnswer } from "./fake-manager.ts";

const none = {
  host: "tcp://127.0.0.1:2375",
  tls: false,
  tlsverify: false,
  tlscacert: "",
  tlscert: "",
  tlskey: "",
};

describe("cli/operator: how a manager is reached", () => {
  // prettier-ignore
  const hosts = [
    { host: "tcp://10.0.0.5:3376", target: { host: "10.0.0.5", port: 3376 } },
    { host: "10.0.0.5:3376",       target: { host: "10.0.0.5", port: 3376 } },
    { host: "tcp://manager",       target: { host: "manager", port: 2375 } },
    { host: "tcp://:4000",         target: { host: "127.0.0.1", port: 4000 } },
    { host: "tcp://[fe80::1]:1",   target: { host: "fe80::1", port: 1 } },
    { host: "http://m:80/",        target: { host: "m", port: 80 } },
    { host: "https://m",           target: { host: "m", port: 2376 } },
    { host: "unix:///run/x.sock",  target: { socketPath: "/run/x.sock" } },
  ];
  for (const { host, target } of hosts) {
    it(`reads ${host}`, () => {
      expect(managerAddress({ ...none, host }, {}).target).to.deep.equal(target);
    });
  }

  for (const host of ["unix://", "ssh://m", "tcp://m:0", "tcp://m:70000", "tcp://a b", "tcp://m/path"]) {
    it(`refuses ${host}`, () => {
      expect(() => managerAddress({ ...none, host }, {})).to.throw(`invalid --host ${JSON.stringify(host)}`);
    });
  }

  describe("with TLS", () => {
    let folder = "";
    before(() => {
      folder = mkdtempSync(join(tmpdir(), "swarm-connection-"));
      for (const name of ["ca", "cert", "key"]) writeFileSync(join(folder, `${name}.pem`), `PEM of ${name}`);
    });
    after(() => rmSync(folder, { recursive: true }));

    it("takes the files of DOCKER_CERT_PATH when DOCKER_TLS_VERIFY is set, whatever to", () => {
      expect(managerAddress(none, { DOCKER_TLS_VERIFY: "0", DOCKER_CERT_PATH: folder }).tls).to.deep.equal({
        rejectUnauthorized: true,
        ca: "PEM of ca",
        cert: "PEM of cert",
        key: "PEM of key",
      });
    });

    it("verifies nobody with --tls, and shows the client's certificate", () => {
      expect(managerAddress({ ...none, tls: true }, { DOCKER_CERT_PATH: folder }).tls).to.deep.equal({
        rejectUnauthorized: false,
        cert: "PEM of cert",
        key: "PEM of key",
      });
    });

    it("needs no files that were not named", () => {
      const tls = managerAddress(
        { ...none, tlsverify: true },
        { DOCKER_CERT_PATH: join(folder, "none") },
      ).tls;
      expect(tls).to.deep.equal({ rejectUnauthorized: true });
    });

    it("speaks port 2376 where none is named", () => {
      const { target } = managerAddress(
        { ...none, host: "tcp://m", tlsverify: true },
        { DOCKER_CERT_PATH: folder },
      );
      expect(target).to.deep.equal({ host: "m", port: 2376 });
    });

    it("says which file it cannot read", () => {
      const path = join(folder, "no.pem");
      const flags = { ...none, tlsverify: true, tlscacert: path };
      expect(() => managerAddress(flags, {})).to.throw(`cannot read ${path}`);
    });

    it("refuses files without TLS, and a certificate without its key", () => {
      expect(() => managerAddress({ ...none, tlscert: "x" }, {})).to.throw("need --tls or --tlsverify");
      expect(() => managerAddress({ ...none, tls: true, tlscert: "x" }, {})).to.throw("need each other");
    });
  });

  it("speaks through a unix socket", async () => {
    const folder = mkdtempSync(join(tmpdir(), "swarm-connection-"));
    try {
      await using manager = await fakeManager(
        { "GET /cluster/nodes": [nodeAnswer()] },
        { path: join(folder, "m.sock") },
      );
      const { stdout } = await swarm(`node ls -q -H ${manager.url}`);
      expect(stdout).to.equal("J6AP:2222:3333:4444\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("prefers --host to DOCKER_HOST", async () => {
    await using manager = await fakeManager({ "GET /cluster/nodes": [] });
    const { code } = await swarm(`node ls --host ${manager.url}`, {
      env: { DOCKER_HOST: "tcp://127.0.0.1:1" },
    });
    expect(code).to.equal(0);
  });
});

describe("cli/operator: a manager that cannot be used", () => {
  it("says that nobody listens, and what to do", async () => {
    const { code, stdout, stderr } = await swarm("leader -H tcp://127.0.0.1:1");
    expect([code, stdout]).to.deep.equal([1, ""]);
    expect(stderr).to.include(
      "Cannot connect to the swarm manager at tcp://127.0.0.1:1: nobody listens there. Is it running? Give its address with --host or in DOCKER_HOST.",
    );
  });

  it("says that there is no such socket", async () => {
    const { stderr } = await swarm("leader -H unix:///nowhere/swarm.sock");
    expect(stderr).to.include("there is no such socket");
  });

  it("recognises an engine", async () => {
    await using engine = await fakeManager({
      "GET /cluster/nodes": (res: import("node:http").ServerResponse) => {
        res.writeHead(404, { "Content-Type": "application/json" });
        res.end('{"message":"page not found"}');
      },
    });
    const { code, stderr } = await engine.run("node ls");
    expect(code).to.equal(1);
    expect(stderr).to.include("it is a Docker engine or an older manager");
  });

  it("takes what is no JSON for what it is", async () => {
    await using odd = await fakeManager({
      "GET /cluster/nodes": (res: import("node:http").ServerResponse) => res.end("<html>"),
    });
    expect((await odd.run("node ls")).stderr).to.include("did not answer as a swarm manager does");
  });

  it("asks about TLS when the connection is broken off", async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { stderr } = await swarm(`node ls -H tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
      expect(stderr).to.include("Does it want TLS? Say --tlsverify.");
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
