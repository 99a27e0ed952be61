/** A program that starts a lab of one engine with a container, prints the lab's name, and waits to be killed. */
import { Lab } from "../../lab/lab.ts";

const lab = await Lab.create({ engines: [{ name: "node-1" }] });
await lab.engine("node-1").docker(["run", "-d", "busybox", "sleep", "1000"]);
console.log(lab.id);
setInterval(() => undefined, 60_000);
