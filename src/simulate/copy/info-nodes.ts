import { parseMemory } from "../file/quantities.ts";

/** A node as `/info` of a manager tells of it, ours or the original. */
export interface InfoNode {
  readonly name: string;
  readonly addr: string;
  readonly status: string;
  /** `""`: active, or the manager knows no others. */
  readonly availability: string;
  /** 0: the manager has not heard yet. */
  readonly cpus: number;
  /** Rounded to four digits, as it is shown. */
  readonly memoryBytes: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly serverVersion: string;
}

/** The nodes of an `/info` answer. Undefined: it is not a swarm manager's. */
export function infoNodes(info: unknown): readonly InfoNode[] | undefined {
  const { SystemStatus } = (info ?? {}) as { SystemStatus?: unknown };
  const rows = (Array.isArray(SystemStatus) ? SystemStatus : []).filter(isRow);
  const count = rows.findIndex(([key]) => key.trim() === "Nodes");
  if (count < 0) return undefined;
  const groups: { name: string; addr: string; details: Map<string, string> }[] = [];
  for (const [key, value] of rows.slice(count + 1)) {
    const [, detail] = /^\s*└ (.+)$/.exec(key) ?? [];
    if (detail === undefined) groups.push({ name: key.trim(), addr: value, details: new Map() });
    else groups.at(-1)?.details.set(detail, value);
  }
  return groups.map(({ name, addr, details }) => {
    const totalOf = (row: string): string => details.get(row)?.split(" / ")[1] ?? "0";
    return {
      name,
      addr,
      status: details.get("Status") ?? "",
      availability: details.get("Availability") ?? "",
      cpus: Number(totalOf("Reserved CPUs")) || 0,
      memoryBytes: parseMemory(totalOf("Reserved Memory")) ?? 0,
      labels: labelsOf(details.get("Labels") ?? ""),
      serverVersion: details.get("ServerVersion") ?? "",
    };
  });
}

const isRow = (row: unknown): row is readonly [string, string] =>
  Array.isArray(row) && typeof row[0] === "string" && typeof row[1] === "string";

/** `a=1, b=2`. A value may have such a comma, too: what follows it and is no label belongs to it. */
function labelsOf(text: string): Readonly<Record<string, string>> {
  const labels: [string, string][] = [];
  for (const part of text === "" ? [] : text.split(", ")) {
    const at = part.indexOf("=");
    const last = labels.at(-1);
    if (at > 0) labels.push([part.slice(0, at), part.slice(at + 1)]);
    else if (last) last[1] += `, ${part}`;
  }
  return Object.fromEntries(labels);
}
