/** The two halves of a discovery URI; a text without `://` is a bare list of nodes. Schemes are case-sensitive. */
export function splitDiscoveryUri(uri: string): { readonly scheme: string; readonly place: string } {
  const at = uri.indexOf("://");
  return at < 0 ? { scheme: "nodes", place: uri } : { scheme: uri.slice(0, at), place: uri.slice(at + 3) };
}
