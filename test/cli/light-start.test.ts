import { readFileSync } from "node:fs";
import { expect } from "chai";

/** What a module loads before it runs, by import statements that do not vanish with the types. */
function loadedBy(file: URL): { readonly ours: readonly URL[]; readonly packages: readonly string[] } {
  const text = readFileSync(file, "utf8");
  const names = [...text.matchAll(/^(?:import|export) (?!type )(?:[^"]*? from )?"([^"]+)";$/gm)].map(
    ([, name = ""]) => name,
  );
  return {
    ours: names.filter((name) => name.startsWith(".")).map((name) => new URL(name, file)),
    packages: names.filter((name) => !name.startsWith(".") && !name.startsWith("node:")),
  };
}

/** Everything that is loaded whenever the program starts: files from the repository's root, and packages. */
function loadedAtStart(): string[] {
  const root = new URL("../../", import.meta.url);
  const found = new Set<string>();
  const files = [new URL("src/main.ts", root)];
  for (const file of files) {
    const name = file.href.slice(root.href.length);
    if (found.has(name)) continue;
    found.add(name);
    const { ours, packages } = loadedBy(file);
    files.push(...ours);
    for (const each of packages) found.add(each);
  }
  return [...found].sort();
}

describe("cli: a light start", () => {
  it("loads no package and none of the large parts: health checks run every few seconds", () => {
    const loaded = loadedAtStart();
    expect(loaded).to.include.members(["src/main.ts", "src/cli/join.ts", "src/health/status.ts"]);
    const parts = /^src\/(main\.ts|errors\.ts|(cli|agent|health|telemetry|tls)\/)|^discovery\//;
    const large = /^discovery\/(index|kv|file)\.ts|telemetry\/logger\.ts/;
    expect(loaded.filter((name) => !parts.test(name) || large.test(name))).to.deep.equal([]);
  });
});
