const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** `1610612736` → `1.5 GiB`: four digits at most, no trailing zeros. */
export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${Number(size.toPrecision(4))} ${UNITS[unit] ?? "B"}`;
}
