/**
 * A path without `//`, `/./` and `/../`, as Docker's router wants it; the others are sent to it by a 301 (spec: api.md §1). Looks at the raw
 * path only: an encoded slash is part of a name.
 */
export function cleanPath(path: string): string {
  if (path.startsWith("/") && !/\/(\/|\.\.?(\/|$))/.test(path)) return path;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  const trailing = path.endsWith("/") && parts.length > 0 ? "/" : "";
  return `/${parts.join("/")}${trailing}`;
}
