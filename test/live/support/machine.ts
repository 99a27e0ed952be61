import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { must } from "../../lab/command.ts";
import { labsRoot } from "../../lab/paths.ts";

/** Everything of one lab that there is on this machine, one line a piece. */
export async function labTraces(id: string): Promise<readonly string[]> {
  const folder = id.replace(/^swl/, "swarm-lab-");
  const ours = new RegExp(`\\b${id}(-[a-z]|h\\b)|/${folder}/`); // not `swl88-17` when asked for `swl88-1`
  const lines = (text: string) => text.split("\n").filter((line) => ours.test(line));
  const cgroups = await must("find", ["/sys/fs/cgroup", "-type", "d", "-name", `${id}-*`]);
  return [
    ...lines(await must("ip", ["netns", "list"])).map((line) => `namespace ${line}`),
    ...lines(await must("ip", ["-o", "link", "show"])).map((line) => `link ${line}`),
    ...lines(readFileSync("/proc/self/mountinfo", "utf8")).map((line) => `mount ${line}`),
    ...lines(cgroups).map((line) => `cgroup ${line}`),
    ...marked(id).map((pid) => `process ${String(pid)}`),
    ...(existsSync(path.join(labsRoot, folder)) ? [`folder ${folder}`] : []),
  ];
}

/** The processes that carry a lab's mark. */
function marked(id: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${String(pid)}/environ`, "utf8")
          .split("\0")
          .includes(`SWARM_LAB=${id}`);
      } catch {
        return false; // not a process, or one that ended meanwhile
      }
    });
}
