import { expect } from "chai";
import { imageConfig, runtime } from "../../../scripts/image/config.ts";
import type { ImageFacts } from "../../../scripts/image/config.ts";

const facts: ImageFacts = {
  version: "1.2.3",
  description: "a cluster",
  license: "Apache-2.0",
  revision: undefined,
  arch: "x64",
  layerDigest: "sha256:00",
  created: new Date(0),
};
interface Config {
  readonly architecture: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly Labels: Readonly<Record<string, string>> };
  readonly rootfs: { readonly diff_ids: readonly string[] };
}
const made = (changes: Partial<ImageFacts> = {}) => imageConfig({ ...facts, ...changes }) as Config;

describe("scripts/image/config", () => {
  it("runs the program itself, with nothing between it and its signals", () => {
    const { config } = made();
    expect(config.Entrypoint).to.deep.equal(["/swarm"]);
    expect(config.Cmd).to.deep.equal(["--help"]);
    expect(config).not.to.have.property("User"); // certificates may be for root's eyes only
  });

  it("has what the original image has: SWARM_HOST, a port and a volume", () => {
    const { config } = made();
    expect(config.Env).to.include("SWARM_HOST=:2375");
    expect(config.ExposedPorts).to.deep.equal({ "2375/tcp": {} });
    expect(config.Volumes).to.deep.equal({ "/.swarm": {} });
  });

  it("asks the program how it is, and gives times in nanoseconds", () => {
    const check = made().config.Healthcheck as { Test: readonly string[]; Interval: number };
    expect(check.Test).to.deep.equal(["CMD", "/swarm", "health"]);
    expect(check.Interval).to.equal(runtime.health.everySeconds * 1e9);
  });

  it("names the commit only when there is one", () => {
    const label = "org.opencontainers.image.revision";
    expect(made().config.Labels).not.to.have.property(label);
    expect(made({ revision: "abc" }).config.Labels).to.have.property(label, "abc");
  });

  // prettier-ignore
  const processors = [
    { node: "x64",   docker: "amd64" },
    { node: "arm64", docker: "arm64" },
    { node: "ia32",  docker: "386"   },
  ];
  for (const { node, docker } of processors) {
    it(`calls the processor ${node} ${docker}`, () => {
      expect(made({ arch: node }).architecture).to.equal(docker);
    });
  }

  it("names its one layer", () => {
    expect(made({ layerDigest: "sha256:12" }).rootfs.diff_ids).to.deep.equal(["sha256:12"]);
  });
});
