/** `npm run bench -- SECTION [ARGUMENTS]`: measures one thing, prints a table and JSON, and fails when a limit is broken. */
import { measureTransfers, printTransfers } from "../bench/transfers.ts";

interface Section {
  readonly about: string;
  /** @returns whether everything stayed within its limits */
  run(args: readonly string[]): Promise<boolean>;
}

const sections: Readonly<Record<string, Section>> = {
  transfers: {
    about:
      "the manager's memory while images are loaded and saved through it [megabytes, 500]; real engines, root",
    run: async ([megabytes = "500"]) => printTransfers(await measureTransfers(Number(megabytes))),
  },
};

const [name = "", ...args] = process.argv.slice(2);
const section = Object.hasOwn(sections, name) ? sections[name] : undefined;
if (section === undefined) {
  console.error("usage: npm run bench -- SECTION [ARGUMENTS]\n");
  for (const [each, { about }] of Object.entries(sections)) console.error(`  ${each}  ${about}`);
  process.exitCode = 2;
} else {
  console.log(`node ${process.version}, ${process.platform} ${process.arch}`);
  if (!(await section.run(args))) process.exitCode = 1;
}
