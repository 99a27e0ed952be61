import type { NodeView } from "./types.ts";

/** The engine's bare ID: the combined one without its address. */
export function engineId(node: NodeView): string {
  const bar = node.id.lastIndexOf("|");
  return bar < 0 ? node.id : node.id.slice(0, bar);
}

/** Does this text name the engine: by name, combined id or bare engine ID? */
export function isNamed(node: NodeView, text: string): boolean {
  return text !== "" && (text === node.name || text === node.id || text === engineId(node));
}

/**
 * Does a reference `node/thing` (or `thing` alone) mean this object of this engine? The node may be given by name, combined id
 * or bare engine ID (images-networks-volumes.md §2.1, §3.1).
 */
export function meansObject(reference: string, node: NodeView, name: string): boolean {
  if (reference === name) return true;
  if (!reference.endsWith(`/${name}`)) return false;
  return isNamed(node, reference.slice(0, reference.length - name.length - 1));
}
