/**
 * A proxy's address without its user and password, which the whole cluster would read in `docker info` (tls-and-security.md §6); as
 * engines write it: `http://xxxxx:xxxxx@proxy:3128`. All before the last `@` counts, since passwords are not always escaped.
 */
export function maskUserInfo(proxy: string): string {
  const at = proxy.lastIndexOf("@");
  if (at < 0) return proxy;
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(proxy)?.[0] ?? "";
  return `${scheme}xxxxx:xxxxx${proxy.slice(at)}`;
}
