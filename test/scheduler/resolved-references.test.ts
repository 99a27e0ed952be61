import { expect } from "chai";

import { withResolvedReferences } from "../../src/scheduler/resolved-references.ts";

describe("scheduler/resolved-references (B5)", () => {
  const known: Readonly<Record<string, string>> = { web: "WEB", "n1/web": "WEB", "/web": "WEB" };
  const resolve = (reference: string): string | undefined => known[reference];
  // prettier-ignore
  const cases: readonly (readonly [given: Record<string, unknown>, result: Record<string, unknown>])[] = [
    [{ VolumesFrom: ["web", "n1/web:ro", "other:rw"] }, { VolumesFrom: ["WEB", "WEB:ro", "other:rw"] }],
    [{ Links: ["web:alias", "n1/web:a", "other:o"] },   { Links: ["WEB:alias", "WEB:a", "other:o"] }],
    [{ Links: ["web", "n1/web", "/web", "other"] },     { Links: ["WEB:web", "WEB:web", "WEB:web", "other"] }],
    [{ NetworkMode: "container:n1/web" },               { NetworkMode: "container:WEB" }],
    [{ PidMode: "container:web", IpcMode: "container:other" }, { PidMode: "container:WEB", IpcMode: "container:other" }],
    [{ NetworkMode: "host", IpcMode: "shareable" },     { NetworkMode: "host", IpcMode: "shareable" }],
  ];
  for (const [given, result] of cases) {
    it(JSON.stringify(given), () => {
      const body = { Image: "x", HostConfig: { Binds: [], ...given } };
      expect(withResolvedReferences(body, resolve)).to.deep.equal({
        Image: "x",
        HostConfig: { Binds: [], ...result },
      });
    });
  }

  it("returns the very body when there is nothing to replace", () => {
    for (const body of [{}, { HostConfig: null }, { HostConfig: { Memory: 1 } }]) {
      expect(withResolvedReferences(body, resolve)).to.equal(body);
    }
  });
});
