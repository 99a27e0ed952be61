/** A loopback address of its own for each engine: `127.1.0.1`, `127.1.0.2` … @param index from 0, up to sixty thousand */
export function loopbackAddress(index: number): string {
  return `127.1.${Math.floor(index / 250)}.${(index % 250) + 1}`;
}
