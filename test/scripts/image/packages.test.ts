import { expect } from "chai";
import { isLoadable, packageFolders } from "../../../scripts/image/packages.ts";

const any = { "": "*" };
const needs = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, "*"]));

describe("scripts/image/packages", () => {
  it("finds what packages need, the innermost copy first", () => {
    const installed = {
      "node_modules/store": { dependencies: needs("wire", "@scope/form") },
      "node_modules/store/node_modules/wire": {},
      "node_modules/wire": { dependencies: any },
      "node_modules/@scope/form": { dependencies: needs("text") },
      "node_modules/text": {},
    };
    expect(packageFolders(installed, ["store"])).to.deep.equal([
      "node_modules/@scope/form",
      "node_modules/store",
      "node_modules/store/node_modules/wire",
      "node_modules/text",
    ]);
  });

  it("looks outwards from a package within another", () => {
    const installed = {
      "node_modules/one": { dependencies: needs("two") },
      "node_modules/one/node_modules/two": { dependencies: needs("three", "four") },
      "node_modules/one/node_modules/three": {},
      "node_modules/three": {},
      "node_modules/four": {},
    };
    expect(packageFolders(installed, ["one"])).to.deep.equal([
      "node_modules/four",
      "node_modules/one",
      "node_modules/one/node_modules/three",
      "node_modules/one/node_modules/two",
    ]);
  });

  it("ends where packages need each other", () => {
    const installed = {
      "node_modules/hen": { dependencies: needs("egg") },
      "node_modules/egg": { dependencies: needs("hen") },
    };
    expect(packageFolders(installed, ["hen"])).to.have.length(2);
  });

  it("names what is not installed, unless it is optional", () => {
    expect(() => packageFolders({}, ["store"])).to.throw("the package store is not installed: npm ci");
    const lacking = { "node_modules/store": { optionalDependencies: needs("native") } };
    expect(packageFolders(lacking, ["store"])).to.deep.equal(["node_modules/store"]);
    const both = {
      "node_modules/store": { dependencies: needs("native"), optionalDependencies: needs("native") },
    };
    expect(packageFolders(both, ["store"])).to.deep.equal(["node_modules/store"]);
  });

  it("leaves out what only compiles or checks types", () => {
    const installed = {
      "node_modules/store": { dependencies: needs("@types/node", "nan") },
      "node_modules/@types/node": {},
      "node_modules/nan": {},
    };
    expect(packageFolders(installed, ["store"])).to.deep.equal(["node_modules/store"]);
  });

  const target = { platform: "linux", arch: "x64", node: 20 };
  // prettier-ignore
  const files = [
    { name: "etcd3",   file: "lib/index.js",                     kept: true  },
    { name: "etcd3",   file: "proto/rpc.proto",                  kept: true  },
    { name: "etcd3",   file: "package.json",                     kept: true  },
    { name: "etcd3",   file: "LICENSE",                          kept: true  },
    { name: "etcd3",   file: "LICENSE.md",                       kept: true  },
    { name: "etcd3",   file: "lib/index.d.ts",                   kept: false },
    { name: "etcd3",   file: "lib/index.js.map",                 kept: false },
    { name: "etcd3",   file: "readme.md",                        kept: false },
    { name: "etcd3",   file: "test/index.js",                    kept: false },
    { name: "etcd3",   file: "lib/test/index.js",                kept: true  },
    { name: "ssh2",    file: "lib/build/Release/sshcrypto.node", kept: false },
    { name: "y18n",    file: "build/index.cjs",                  kept: true  },
    { name: "deasync", file: "index.js",                         kept: true  },
    { name: "deasync", file: "bin/linux-x64-node-20/x.node",     kept: true  },
    { name: "deasync", file: "bin/linux-x64-node-2/x.node",      kept: false },
    { name: "deasync", file: "bin/linux-arm64-node-20/x.node",   kept: false },
  ];
  for (const { name, file, kept } of files) {
    it(`${kept ? "keeps" : "leaves out"} ${file} of ${name}`, () => {
      expect(isLoadable(name, file, target)).to.equal(kept);
    });
  }
});
