import { expect } from "chai";
import type { LabEngine } from "../../lab/engine.ts";
import { eventually } from "../../lab/eventually.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { Manager } from "../support/manager.ts";
import { managerTls } from "../support/manager-tls.ts";
import { useTlsLab } from "./support.ts";

/** Quick to notice that an engine is lost. */
const watchful = [
  "--engine-refresh-min-interval=1s",
  "--engine-refresh-max-interval=2s",
  "--engine-failure-retry=2",
];

describe("a mistake with the TLS of engines shows in docker info", () => {
  const made = useTlsLab([
    { name: "old-1" },
    { name: "old-2" },
    { name: "new-1", version: "28" },
    { name: "new-2", version: "28" },
  ]);
  let stranger: TestAuthority;
  before(async () => {
    stranger = await TestAuthority.create("somebody else");
  });

  const engine = (name: string): LabEngine => made().lab.engine(name);
  const certify = async (name: string, spec: object = {}, issuer = made().authority) => {
    const { tlsFolder, ip } = engine(name);
    await issuer.write(tlsFolder, { cn: name, sans: [ip], usages: ["server"], ...spec });
    writeFileSync(path.join(tlsFolder, "ca.pem"), made().authority.ca);
  };
  const trustOnly = (name: string, { ca }: TestAuthority) =>
    writeFileSync(path.join(engine(name).tlsFolder, "ca.pem"), ca);
  const restartAll = async () => await Promise.all(made().lab.engines.map((one) => one.restart()));
  const mendAll = async () => {
    for (const one of made().lab.engines) {
      one.tls = true;
      await certify(one.name);
    }
    await restartAll();
  };
  const untilAll = async (manager: Manager, status: string) =>
    await manager.untilNodes(
      `all nodes are ${status}`,
      (nodes) => nodes.length === 4 && nodes.every(({ rows }) => rows.Status === status),
    );
  /** Waits until each engine's Error row is as expected. */
  const untilErrors = async (manager: Manager, expected: Readonly<Record<string, RegExp>>) => {
    for (const [name, error] of Object.entries(expected)) {
      let seen = "";
      await eventually(`${name} says ${String(error)}`, async () => {
        const nodes = await manager.nodes();
        seen = nodes.find(({ address }) => address === engine(name).addr)?.rows.Error ?? "";
        return error.test(seen);
      }).catch((thrown: unknown) => {
        throw new Error(`the Error row of ${name} is ${seen}\n${manager.logs}`, { cause: thrown });
      });
    }
  };
  const warnings = (manager: Manager, text: string): number => manager.logs.split(text).length - 1;

  const refused =
    /^The server probably has client authentication \(--tlsverify\) enabled\. Please check your TLS client certification settings: https:\/\/10\.\d+\.\d+\.\d+:2376: remote error: tls: /;

  it("while the engine is pending, and it joins once that is mended", async () => {
    await certify("old-1", {}, stranger);
    await certify("old-2", { sans: ["127.0.0.1"] });
    await certify("new-1", { from: -3, until: -2 });
    trustOnly("new-2", stranger);
    await restartAll();
    const { lab, authority } = made();
    await using manager = await Manager.start(lab, {
      healthyNodes: 0,
      args: watchful,
      tls: await managerTls(lab, authority),
    });
    await untilErrors(manager, {
      "old-1": /^error during connect: https:.*:2376: x509: certificate signed by unknown authority \(/,
      "old-2": /x509: certificate is valid for 127\.0\.0\.1, not 10\.\d+\.\d+\.\d+ \(/,
      "new-1": /x509: certificate has expired or is not yet valid: it has expired \(/,
      "new-2": new RegExp(`${refused.source}unknown certificate authority \\(.*cert\\.pem`),
    });
    await untilAll(manager, "Pending");
    await mendAll();
    await untilAll(manager, "Healthy");
    expect(warnings(manager, "is valid for 127.0.0.1, not"), "one warning per text").to.equal(1);
    expect(warnings(manager, "signed by unknown authority"), "one warning per text").to.equal(1);
  });

  it("and while it is a member: it counts towards Unhealthy, and the engine comes back", async () => {
    const { lab, authority } = made();
    await using manager = await Manager.start(lab, { args: watchful, tls: await managerTls(lab, authority) });
    trustOnly("old-1", stranger);
    engine("old-2").tls = false;
    await certify("new-1", { usages: ["client"] });
    await certify("new-2", {}, stranger);
    await restartAll();
    await untilAll(manager, "Unhealthy");
    await untilErrors(manager, {
      "old-1": new RegExp(`${refused.source}bad certificate \\(`),
      "old-2": /http: server gave HTTP response to HTTPS client \(.*--tlsverify/,
      "new-1": /x509: certificate specifies an incompatible key usage \(/,
      "new-2": /x509: certificate signed by unknown authority \(/,
    });
    await mendAll();
    await untilAll(manager, "Healthy");
  });

  it("when it is the manager's certificate, which is read again on SIGHUP", async () => {
    const { lab, authority } = made();
    const tls = await managerTls(lab, authority, { usages: ["server"] });
    await using manager = await Manager.start(lab, { healthyNodes: 0, args: watchful, tls });
    await untilErrors(manager, { "old-1": refused, "old-2": refused, "new-1": refused, "new-2": refused });
    await untilAll(manager, "Pending");
    await authority.write(tls.folder, { cn: "manager", sans: ["127.0.0.1"] });
    manager.reload();
    await untilAll(manager, "Healthy");
  });

  it("when the manager is without TLS", async () => {
    await using manager = await Manager.start(made().lab, { healthyNodes: 0, args: watchful });
    const said =
      /^Error response from daemon: Client sent an HTTP request to an HTTPS server\. \(.*--tlsverify/;
    await untilErrors(manager, { "old-1": said, "old-2": said, "new-1": said, "new-2": said });
    for (const one of made().lab.engines) one.tls = false;
    await restartAll();
    await untilAll(manager, "Healthy");
    for (const one of made().lab.engines) one.tls = true;
    await restartAll();
    await untilAll(manager, "Unhealthy");
    await untilErrors(manager, { "old-1": said, "new-1": said });
  });
});
