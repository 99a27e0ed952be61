import { expect } from "chai";
import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readPolicyFile } from "../../../src/api/access/policy-file.ts";

describe("api/access/policy-file", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "swarm-policy-"));
    file = path.join(folder, "policy.json");
    writeFileSync(file, '{"rules":[{"cn":"a","role":"admin"}]}', { mode: 0o600 });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("reads a policy", () => {
    expect(readPolicyFile(file).ruleCount).to.equal(1);
  });

  it("names the file that is missing", () => {
    expect(() => readPolicyFile(`${file}x`)).to.throw(
      `authorization policy ${file}x: open ${file}x: no such file or directory`,
    );
  });

  it("names the file and the place in it", () => {
    writeFileSync(file, '{"rules":[{"cn":"a","role":"boss"}]}');
    expect(() => readPolicyFile(file)).to.throw(
      `authorization policy ${file}: rules[0].role: "boss" is no role`,
    );
  });

  it("refuses a folder", () => {
    expect(() => readPolicyFile(folder)).to.throw(`authorization policy ${folder}: this is no file`);
  });

  it("refuses a file that everybody may write", () => {
    chmodSync(file, 0o646);
    expect(() => readPolicyFile(file)).to.throw(`authorization policy ${file}: everybody may write it`);
  });

  it("refuses a file that is too long to be meant", () => {
    truncateSync(file, (1 << 20) + 1);
    expect(() => readPolicyFile(file)).to.throw(`authorization policy ${file}: longer than 1048576 bytes`);
  });
});
