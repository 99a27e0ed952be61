/** `npm run bench -- SECTION [OPTIONS]`: measures, prints tables and JSON; ends with 1 when an answer was wrong. */
import { buildBenchmark, runBuilt } from "../bench/harness/build.ts";
import { sections } from "../bench/sections/index.ts";
import { measureTransfers, printTransfers } from "../bench/transfers.ts";

const OPTIONS = [
  "--engines N     of the simulated fleet, 1000",
  "--containers N  of each engine, 30",
  "--runs N        whole runs of a section, of whose figures the medians are shown; 1",
  "--save          keeps the figures in bench/results: later runs are compared with them",
  "--effort X      factor on the number of operations and on durations, 1",
  "--only TEXT     only steps with this text in their name",
  "--minutes N     of the soak, 30",
  "--manager FILE  the compiled main.js of another version of the manager, to compare with",
];

function usage(): void {
  console.error("usage: npm run bench -- SECTION [OPTIONS]\n");
  for (const { name, about } of sections) console.error(`  ${name.padEnd(11)}${about}`);
  console.error(
    "  smoke      all of these with little load on a hundred engines: only whether the answers are right",
  );
  console.error("  all        each of these, one after the other");
  console.error(
    "  transfers  the manager's memory while images go through it [megabytes, 500]; real engines, root\n",
  );
  for (const option of OPTIONS) console.error(`  ${option}`);
}

const [name = "", ...args] = process.argv.slice(2);
if (name === "transfers") {
  console.log(`node ${process.version}, ${process.platform} ${process.arch}`);
  if (!printTransfers(await measureTransfers(Number(args[0] ?? 500)))) process.exitCode = 1;
} else if (["all", "smoke"].includes(name) || sections.some((section) => section.name === name)) {
  process.exitCode = await runBuilt(await buildBenchmark(), [name, ...args]);
} else {
  usage();
  process.exitCode = 2;
}
