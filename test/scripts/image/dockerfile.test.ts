import { expect } from "chai";
import { readFileSync } from "node:fs";
import path from "node:path";
import { runtime } from "../../../scripts/image/config.ts";
import { repositoryRoot } from "../../lab/paths.ts";

/** The instructions of the last stage, continued lines joined, as `INSTRUCTION rest`. */
function lastStage(): readonly string[] {
  const text = readFileSync(path.join(repositoryRoot, "Dockerfile"), "utf8");
  const lines = text
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line !== "");
  return lines.slice(lines.findLastIndex((line) => line.startsWith("FROM ")));
}

describe("the Dockerfile", () => {
  const { entrypoint, command, environment, port, volume, health } = runtime;
  const json = (words: readonly string[]) => JSON.stringify(words).replaceAll(",", ", ");
  const env = Object.entries(environment).map(([name, value]) => `${name}="${value}"`);
  const times = [
    `--interval=${health.everySeconds}s`,
    `--timeout=${health.withinSeconds}s`,
    `--start-period=${health.startSeconds}s`,
    `--retries=${health.retries}`,
  ];
  // prettier-ignore
  const instructions = [
    { what: "contents",     line: "COPY --from=build /image /" },
    { what: "environment",  line: `ENV ${env.join(" ")}` },
    { what: "port",         line: `EXPOSE ${port}` },
    { what: "volume",       line: `VOLUME ${json([volume])}` },
    { what: "health check", line: `HEALTHCHECK ${times.join(" ")} CMD ${json(health.command)}` },
    { what: "entrypoint",   line: `ENTRYPOINT ${json(entrypoint)}` },
    { what: "command",      line: `CMD ${json(command)}` },
  ];
  for (const { what, line } of instructions) {
    it(`gives the image the same ${what} as npm run image`, () => {
      expect(lastStage()).to.include(line);
    });
  }

  it("begins its last stage with nothing", () => {
    expect(lastStage()[0]).to.equal("FROM scratch");
  });
});
