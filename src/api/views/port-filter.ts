import { badRequest } from "../../errors.ts";

interface ListedPort {
  readonly PrivatePort: number;
  readonly PublicPort?: number;
  readonly Type: string;
}
interface PortRange {
  readonly first: number;
  readonly last: number;
  readonly proto: string;
}

/**
 * The `publish` and `expose` filters: `80`, `80/udp`, `8000-8010/tcp`. A container passes when any of its ports matches any of either, as on an engine.
 * @returns `undefined` when neither filter is present
 * @throws ApiError 400 when a value is no port
 */
export function portsWanted(
  publish: readonly string[],
  expose: readonly string[],
): ((ports: readonly ListedPort[]) => boolean) | undefined {
  if (publish.length === 0 && expose.length === 0) return undefined;
  const published = publish.map((value) => portRange("publish", value));
  const exposed = expose.map((value) => portRange("expose", value));
  return (ports) =>
    ports.some(
      ({ PublicPort, PrivatePort, Type }) =>
        within(published, PublicPort ?? 0, Type) || within(exposed, PrivatePort, Type),
    );
}

const within = (ranges: readonly PortRange[], port: number, proto: string): boolean =>
  ranges.some(({ first, last, proto: wanted }) => port >= first && port <= last && proto === wanted);

function portRange(key: string, value: string): PortRange {
  if (value.includes(":")) throw badRequest(`filter for '${key}' should not contain ':': ${value}`);
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(value);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || first > last || last > 65_535) {
    throw badRequest(`error while looking up for ${key} ${value}: invalid port`);
  }
  return { first, last, proto: (match[3] ?? "tcp").toLowerCase() };
}
