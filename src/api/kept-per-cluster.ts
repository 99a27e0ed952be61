import type { Cluster } from "../cluster/cluster.ts";
import type { ContainerView } from "./views/types.ts";

/** What makes lists fast is kept this long after the last one, milliseconds. */
const IDLE_MS = 60_000;

/** A view of the cluster's containers that is told of every change to them. */
export interface KeptView {
  add(container: ContainerView): void;
  remove(container: ContainerView): void;
  /** A container looks different, but has the same ID, names and labels. */
  replace(old: ContainerView, container: ContainerView): void;
  /** Gives back the memory that only makes it fast. */
  forgetBytes(): void;
}

/** One view for each cluster, made when first asked for, and from then on kept up to date. */
export function keptPerCluster<T extends KeptView>(make: (cluster: Cluster) => T): (cluster: Cluster) => T {
  const kept = new WeakMap<Cluster, { readonly view: T; readonly idle: NodeJS.Timeout }>();
  return (cluster) => {
    const known = kept.get(cluster);
    if (known !== undefined) {
      known.idle.refresh();
      return known.view;
    }
    const view = make(cluster);
    cluster.containers.follow({
      containerAdded: (record) => view.add(record),
      containerRemoved: (record) => view.remove(record),
      containerReplaced: (old, record) => view.replace(old, record),
    });
    const idle = setTimeout(() => view.forgetBytes(), IDLE_MS).unref();
    kept.set(cluster, { view, idle });
    return view;
  };
}
