import { must } from "../../lab/command.ts";

/** This machine's end of every open TCP connection to an address: `10.88.17.1:40112`. */
export async function connectionsTo(ip: string): Promise<readonly string[]> {
  const table = await must("ss", ["-Htn", "state", "established", "dst", ip]);
  return table.split("\n").flatMap((line) => line.trim().split(/\s+/)[2] ?? []);
}
