import { mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { Etcd3 } from "etcd3";
import { makeCertificates } from "../../lab/stores/certificates.ts";
import type { Certificates } from "../../lab/stores/certificates.ts";
import { startConsul } from "../../lab/stores/consul.ts";
import { startEtcd } from "../../lab/stores/etcd.ts";
import { startZooKeeper } from "../../lab/stores/zookeeper.ts";
import { discoveryFlags, joinAs, listed, notListed } from "../support/agent.ts";
import type { DiscoveryAccess } from "../support/agent.ts";
import { lab } from "../support/fixtures.ts";
import { Manager } from "../support/manager.ts";

describe("discovery by a store that does not let everybody in", () => {
  const addr = () => lab().engine("node-1").addr;
  /** An agent and a manager that may each come in, the manager maybe by other means. */
  const theyMeet = async (agentAccess: DiscoveryAccess, managerAccess = agentAccess) => {
    await using agent = joinAs(lab().engine("node-1"), agentAccess, ["--heartbeat", "1s", "--ttl", "20s"]);
    const { uri: discovery, env = {} } = managerAccess;
    const args = discoveryFlags(managerAccess);
    await using manager = await Manager.start(lab(), { discovery, args, env, healthyNodes: 1 });
    expect((await manager.nodes()).map(({ address }) => address)).to.deep.equal([addr()]);
    expect(await listed(managerAccess)).to.deep.equal([addr()]);
    return `${agent.logs}${manager.logs}`;
  };
  /** An agent that may not come in says why, and goes on. */
  const complains = async (access: DiscoveryAccess, reason: RegExp) => {
    await using agent = joinAs(lab().engine("node-1"), access, ["--heartbeat", "1s", "--ttl", "20s"]);
    await agent.until(reason);
    expect(await agent.end("SIGTERM")).to.equal(0);
  };

  it("Consul: with an ACL token, as an option or from the environment, and not without", async () => {
    await using consul = await startConsul(lab(), { acl: true });
    const uri = `consul://${consul.address}/swarm`;
    const option = { uri, options: [`kv.token=${consul.token}`] };
    const environment = { uri, env: { CONSUL_HTTP_TOKEN: consul.token } };
    const logs = await theyMeet(environment, option);
    expect(logs).to.not.include(consul.token);
    expect(await notListed({ uri })).to.match(/Permission denied/);
    await complains({ uri, options: ["kv.token=22222222-2222-3333-4444-555555555555"] }, /ACL not found/);
  });

  it("etcd: with a user and a password, also one in a file, and not without", async () => {
    await using etcd = await startEtcd(lab());
    await demandUsers(etcd.address);
    const uri = `etcd://${etcd.address}/swarm`;
    const file = path.join(mkdtempSync(path.join(lab().folder, "password-")), "password");
    writeFileSync(file, "s3cret\n", { mode: 0o600 });
    const inFile = { uri, options: ["kv.user=root", `kv.passwordfile=${file}`] };
    const logs = await theyMeet(inFile, { uri, options: ["kv.user=root", "kv.password=s3cret"] });
    expect(logs).to.not.include("s3cret");
    expect(await notListed({ uri })).to.match(/user name is empty/);
    const wrong = { uri, options: ["kv.user=root", "kv.password=wrong"] };
    await complains(wrong, /authentication failed, invalid user ID or password/);
  });

  it("ZooKeeper: what a user's agents write, others cannot read", async () => {
    await using zookeeper = await startZooKeeper(lab());
    const uri = `zk://${zookeeper.address}/swarm`;
    const ours = { uri, options: ["kv.user=swarm", "kv.password=s3cret"] };
    expect(await theyMeet(ours)).to.not.include("s3cret");
    expect(await notListed({ uri })).to.match(/noAuth/);
  });

  describe("by TLS, to clients with a certificate", () => {
    let [ours, foreign]: Certificates[] = [];
    before(async () => {
      const folder = mkdtempSync(path.join(lab().folder, "store-tls-"));
      ours = await makeCertificates(path.join(folder, "ours"));
      foreign = await makeCertificates(path.join(folder, "foreign"));
    });
    const options = ({ ca, cert, key }: Certificates) => [
      `kv.cacertfile=${ca}`,
      `kv.certfile=${cert}`,
      `kv.keyfile=${key}`,
    ];

    it("etcd: with all three files, and neither side takes a foreign one", async () => {
      await using etcd = await startEtcd(lab(), { tls: ours! });
      const uri = `etcd://${etcd.address}/swarm`;
      expect(await theyMeet({ uri, options: options(ours!) })).to.include("Initializing discovery with TLS");
      const [wrongAuthority, foreignCertificate, onlyAuthority] = await Promise.all([
        notListed({ uri, options: options(foreign!) }),
        notListed({ uri, options: options({ ...foreign!, ca: ours!.ca }) }),
        notListed({ uri, options: options(ours!).slice(0, 1) }),
      ]);
      expect(wrongAuthority).to.match(/certificate is not trusted: .*; is kv.cacertfile the authority/);
      expect(foreignCertificate).to.include(
        `etcd://${etcd.address}: the server refuses TLS with us: bad certificate; does it trust`,
      );
      expect(onlyAuthority).to.include("kv.certfile, kv.keyfile are missing");
    });

    it("etcd by version 2: the same", async () => {
      await using etcd = await startEtcd(lab(), { v2: true, tls: ours! });
      const uri = `etcd://${etcd.address}/swarm`;
      await theyMeet({ uri, options: options(ours!) });
      const wrongAuthority = await notListed({ uri, options: options(foreign!) });
      expect(wrongAuthority).to.match(/certificate is not trusted: .*; is kv.cacertfile the authority/);
    });
  });
});

/** Makes `root` with the password `s3cret` the only one who may do anything. */
async function demandUsers(address: string): Promise<void> {
  const admin = new Etcd3({ hosts: [`http://${address}`] });
  try {
    const root = admin.user("root");
    await root.create("s3cret");
    await admin.role("root").create();
    await root.addRole("root");
    await admin.auth.authEnable();
  } finally {
    admin.close();
  }
}
