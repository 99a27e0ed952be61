/**
 * A program that uses a store as it is told on standard input: `lock`, `held`, `close`; it answers each with a line. After
 * `close` it has no reason to go on, and nothing ends it but that.
 */
import { createInterface } from "node:readline";
import { openStore } from "../../../src/store/open.ts";
import type { Lock } from "../../../src/store/store.ts";
import { quick } from "./under-test.ts";

const [url = "", options = "{}", ttlMs = "1000"] = process.argv.slice(2);
const store = await openStore(url, {
  options: JSON.parse(options) as Record<string, string>,
  sessionMs: Number(ttlMs),
  ...quick,
});
const watching = (async () => {
  for await (const _ of store.watch({ folder: "" }, new AbortController().signal));
})();
const questions = createInterface({ input: process.stdin });
let lock: Lock | undefined;
console.log("ready");
for await (const question of questions) {
  if (question === "lock") {
    lock = await store.lock("leader", "program", { ttlMs: Number(ttlMs) });
    await store.put("mortal", "program", { ttlMs: 5000 });
    console.log("locked");
  } else if (question === "held") {
    console.log(String(lock?.held()));
  } else {
    await store.close();
    await watching;
    console.log("closed");
    questions.close();
    process.stdin.destroy();
  }
}
