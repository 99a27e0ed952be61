import type { PortModel } from "../types.ts";

const UNITS = ["", "k", "m", "g", "t", "p"];

/** `512m`, `64GiB`, `1.5g`, `1073741824`: bytes, units by 1024 as everywhere in Docker. Undefined: it is no amount. */
export function parseMemory(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  const bytes = Math.round(Number(digits) * 1024 ** UNITS.indexOf(unit.toLowerCase()));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest text that {@link parseMemory} reads as exactly this. */
export function memoryText(bytes: number): string {
  const names = ["", "KiB", "MiB", "GiB", "TiB"];
  let [size, unit] = [bytes, 0];
  while (size > 0 && size % 1024 === 0 && unit < names.length - 1) [size, unit] = [size / 1024, unit + 1];
  return `${size}${names[unit] ?? ""}`;
}

const isPort = (text: string): boolean =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;

/** `[[IP:]HOST-PORT:]PORT[/PROTOCOL]` as `docker run -p` takes it, without ranges of container ports. Undefined: it is none. */
export function parsePort(text: string): PortModel | undefined {
  const [, bracketed, plain, hostPort = "", port = "", protocol = "tcp"] =
    /^(?:(?:\[([\da-f:]+)\]|([\d.]+)):)??(?:(\d*(?:-\d+)?):)?(\d+)(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  const [first = "", last = first] = hostPort.split("-");
  if (!isPort(port) || (hostPort !== "" && !(isPort(first) && isPort(last) && Number(first) <= Number(last))))
    return undefined;
  return {
    hostIp: bracketed ?? plain ?? "",
    hostPort,
    containerPort: `${Number(port)}/${protocol.toLowerCase()}`,
  };
}

/** What {@link parsePort} reads as this. */
export function portText({ hostIp, hostPort, containerPort }: PortModel): string {
  const ip = hostIp === "" ? "" : `${hostIp.includes(":") ? `[${hostIp}]` : hostIp}:`;
  const host = hostPort === "" && ip === "" ? "" : `${hostPort}:`;
  return `${ip}${host}${containerPort.replace(/\/tcp$/, "")}`;
}
