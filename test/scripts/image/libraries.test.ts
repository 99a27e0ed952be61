import { expect } from "chai";
import { librariesIn } from "../../../scripts/image/libraries.ts";

describe("scripts/image/libraries", () => {
  it("reads libraries and the loader, but not the kernel's own, from what ldd prints", () => {
    const output = [
      "\tlinux-vdso.so.1 (0x00007fbb7a7ae000)",
      "\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007fbb7a798000)",
      "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007fbb7a21e000)",
      "\t/lib64/ld-linux-x86-64.so.2 (0x00007fbb7a7b0000)",
      "",
    ].join("\n");
    expect(librariesIn(output)).to.deep.equal([
      "/lib/x86_64-linux-gnu/libdl.so.2",
      "/lib/x86_64-linux-gnu/libc.so.6",
      "/lib64/ld-linux-x86-64.so.2",
    ]);
  });

  it("names a library that is missing", () => {
    expect(() => librariesIn("\tlibicu.so.72 => not found\n")).to.throw("node needs libicu.so.72");
  });

  it("finds none for a static program", () => {
    expect(librariesIn("\tstatically linked\n")).to.deep.equal([]);
  });
});
