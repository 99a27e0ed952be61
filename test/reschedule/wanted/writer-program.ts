import { WantedBook } from "../../../src/reschedule/wanted/book.ts";
import { openStore } from "../../../src/store/open.ts";
import { collectedLog, id, wanted } from "./builders.ts";

/**
 * Writes eight containers over and over, each change numbered by its time, into the directory given, and says on stdout what is stored: `0a 17`. Ends when
 * it is killed.
 */
const store = await openStore(`file://${process.argv[2] ?? ""}`);
const book = new WantedBook({ store, log: collectedLog().log });
const filler = { Image: "busybox", Labels: { filler: "x".repeat(20_000) } };
const write = async (key: string): Promise<void> => {
  for (let updatedMs = 1; ; updatedMs++) {
    const create = { ...wanted().create, body: filler };
    if (await book.put(wanted({ swarmId: id(key), create, updatedMs }))) console.log(`${key} ${updatedMs}`);
  }
};
await Promise.all(["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"].map(write));
