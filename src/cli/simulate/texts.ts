/** What a simulation's user should know. Pure. */

/** `1 engine`, `2 engines` */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** @param manager `tcp://127.0.0.1:3376` */
export const hint = (program: string, manager: string, control: boolean): string =>
  [
    `The manager of the simulation listens on ${manager}. Try:`,
    "",
    `  docker -H ${manager} info`,
    `  docker -H ${manager} run -d --name trial -m 512m busybox sleep 1h`,
    `  docker -H ${manager} ps`,
    ...(control ? ["", ...orders(program)] : []),
    "",
    "Engines, containers and images exist in the memory of this process only. Ctrl-C ends it.",
    "",
  ].join("\n");

/** Of a simulation without a manager. @param discovery what `swarm manage` takes */
export const enginesHint = (program: string, discovery: string, control: boolean): string =>
  [
    "The engines of the simulation listen. Start a manager over them with any flags you like:",
    "",
    `  ${program} manage -H tcp://127.0.0.1:3376 --state-dir none '${discovery}'`,
    ...(control ? ["", ...orders(program)] : []),
    "",
    "Engines, containers and images exist in the memory of this process only. Ctrl-C ends it.",
    "",
  ].join("\n");

const orders = (program: string): readonly string[] => [
  `  ${program} simulate fail NODE       the node stops answering`,
  `  ${program} simulate freeze NODE     it takes connections, and says nothing`,
  `  ${program} simulate recover NODE    it answers again`,
  `  ${program} simulate list            all nodes`,
];

/** How many engines have the addresses `127.1.x.1` to `.250`. */
const ROW = 250;

/**
 * A list of addresses as `swarm manage` takes it, rows of them as patterns: `127.1.[0:3].[1:250]:2375`.
 * @param addresses of a simulation, in its order
 */
export function discoveryText(addresses: readonly string[], port: number): string {
  if (port === 0) return `nodes://${addresses.join(",")}`;
  const rows = Math.floor(addresses.length / ROW);
  const rest = addresses.length % ROW;
  const span = (last: number): string => (last === 0 ? "0" : `[0:${last}]`);
  const upTo = (last: number): string => (last === 1 ? "1" : `[1:${last}]`);
  return `nodes://${[
    ...(rows > 0 ? [`127.1.${span(rows - 1)}.${upTo(ROW)}:${port}`] : []),
    ...(rest > 0 ? [`127.1.${rows}.${upTo(rest)}:${port}`] : []),
  ].join(",")}`;
}
