/**
 * Runs `scripts/NAME.ts ARGUMENTS…` on a fresh clone: installs the npm packages first if they are missing.
 * Plain JavaScript, because it runs before there is anything that understands TypeScript.
 */
import { spawnSync } from "node:child_process";
import console from "node:console";
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { clearInterval, setInterval } from "node:timers";
import { pathToFileURL } from "node:url";

const root = path.resolve(import.meta.dirname, "..");
const [name = "", ...args] = process.argv.slice(2);

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 20)) {
  console.error(`This needs Node 20.20 or newer; this is ${process.version}.`);
  process.exit(1);
}

process.chdir(root);
if (!existsSync(path.join(root, "node_modules/.package-lock.json"))) {
  console.log("installing the npm packages (npm ci)");
  // npm names itself to what it runs; without npm around this script, the one in PATH.
  const npm = process.env["npm_execpath"];
  const [file, first] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  const { status } = spawnSync(file, [...first, "ci", "--include=dev"], { stdio: "inherit" });
  if (status !== 0) {
    console.error("npm ci failed, see above");
    process.exit(1);
  }
}

// npm stands between us and whoever ends it, behind a shell that dies without passing the signal on. Being handed to
// another parent is that signal.
const parent = process.ppid;
const orphanCheck = setInterval(() => {
  if (process.ppid === parent) return;
  clearInterval(orphanCheck);
  process.kill(process.pid, "SIGTERM");
}, 500);
orphanCheck.unref();

const script = path.join(root, "scripts", `${name}.ts`);
const { register } = await import("tsx/esm/api");
register();
process.argv.splice(1, process.argv.length, script, ...args);
await import(pathToFileURL(script).href);
