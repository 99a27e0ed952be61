/** An inclusive range of port numbers. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Reads `8000-8010` or `80`; `undefined` for anything else, a reversed range included. */
export function parsePortRange(text: string): PortRange | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first <= last && last <= 65_535 ? { first, last } : undefined;
}

/** How many ports the range holds. */
export const rangeSize = ({ first, last }: PortRange): number => last - first + 1;

/** Is `inner` wholly inside `outer`? */
export const rangeHolds = (outer: PortRange, inner: PortRange): boolean =>
  outer.first <= inner.first && inner.last <= outer.last;

/** `53/udp` → `udp`; no protocol means tcp, as in Docker. */
export function protocolOf(containerPort: string): string {
  const slash = containerPort.indexOf("/");
  return slash < 0 ? "tcp" : containerPort.slice(slash + 1).toLowerCase();
}

/** `53/udp` → `53`. */
export function portTextOf(containerPort: string): string {
  const slash = containerPort.indexOf("/");
  return slash < 0 ? containerPort : containerPort.slice(0, slash);
}

/** Is this every address of the host? */
export const isWildcard = (ip: string): boolean => ip === "" || ip === "0.0.0.0" || ip === "::";

/** Can two bindings of one port to these addresses not live together? */
export const addressesOverlap = (a: string, b: string): boolean => a === b || isWildcard(a) || isWildcard(b);
