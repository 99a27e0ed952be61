import { readdirSync, readFileSync } from "node:fs";

/** The kernel counts processor time in hundredths of a second on every Linux there is. */
const TICKS_PER_SECOND = 100;

/** User and system time a process has used so far, seconds. Linux only. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  // The second field is a name in brackets, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory now, or the most there ever was, MiB. */
export function rssMiB(pid: number, which: "now" | "peak" = "now"): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const key = which === "now" ? "VmRSS" : "VmHWM";
  return Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
}

/** Open file descriptors: sockets, mostly. */
export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
