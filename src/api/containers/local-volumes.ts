import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import type { ContainerCreateBody, HostConfig } from "../../docker/types.ts";
import { badRequest } from "../../errors.ts";
import { splitNodeName } from "../accepted-engines.ts";
import { withProperKeys } from "../go-keys.ts";
import { memberFinder } from "../nodes.ts";
import { withMoreConstraints, type Constrained } from "./added-constraints.ts";

/** A volume of one node, as the client named it. */
interface LocalVolume {
  readonly reference: string;
  readonly engine: Engine;
}

/**
 * A container that names a volume as `node/volume`, in a bind or a mount, must go to that node, and names the volume as that engine knows
 * it (api.md A9). Paths, and names before whose slash no node stands, stay as they are.
 * @throws ApiError 400 when two such volumes are on different nodes
 */
export function withLocalVolumes(
  cluster: Cluster,
  body: ContainerCreateBody,
  constraints: readonly string[],
): Constrained {
  const given = body.HostConfig;
  if (given === undefined || given === null) return { body, constraints };
  const host = withProperKeys(given, ["Binds", "Mounts"]);
  const found: LocalVolume[] = [];
  const member = memberFinder(cluster);
  /** The volume's own name when it is a local one, which is noted. */
  const bare = (reference: string): string | undefined => {
    const local = localVolume(member, reference);
    if (local === undefined) return undefined;
    found.push({ reference, engine: local.engine });
    return local.name;
  };
  const rewritten: HostConfig = {
    ...host,
    ...(Array.isArray(host.Binds) ? { Binds: host.Binds.map((bind) => bareBind(bind, bare)) } : {}),
    ...(Array.isArray(host.Mounts) ? { Mounts: host.Mounts.map((mount) => bareMount(mount, bare)) } : {}),
  };
  const [first] = found;
  if (first === undefined) return { body, constraints };
  const other = found.find(({ engine }) => engine !== first.engine);
  if (other !== undefined) throw apart(first, other);
  return withMoreConstraints({ ...body, HostConfig: rewritten }, constraints, [`node==${first.engine.name}`]);
}

const apart = (first: LocalVolume, other: LocalVolume) =>
  badRequest(
    `volume ${first.reference} is on node ${first.engine.name} and volume ${other.reference} on node ${other.engine.name}: a container cannot have both`,
  );

/** What engines accept as a volume's name. */
const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

function localVolume(
  member: (text: string) => Engine | undefined,
  reference: string,
): { readonly engine: Engine; readonly name: string } | undefined {
  const { node, name } = splitNodeName(reference);
  if (node === undefined || !VOLUME_NAME.test(name)) return undefined;
  const engine = member(node);
  return engine === undefined ? undefined : { engine, name };
}

/** `node/volume:/path[:options]`. An ID has colons of its own, so what names the volume ends at the first one after its slash. */
function bareBind(bind: unknown, bare: (reference: string) => string | undefined): string {
  if (typeof bind !== "string") return bind as string; // for the engine to refuse
  const end = bind.indexOf(":", bind.indexOf("/"));
  const name = end < 0 ? undefined : bare(bind.slice(0, end));
  return name === undefined ? bind : `${name}${bind.slice(end)}`;
}

function bareMount(given: unknown, bare: (reference: string) => string | undefined): unknown {
  if (typeof given !== "object" || given === null) return given;
  const mount = withProperKeys(given, ["Type", "Source"]) as { Type?: unknown; Source?: unknown };
  if (mount.Type !== "volume" || typeof mount.Source !== "string") return mount;
  const name = bare(mount.Source);
  return name === undefined ? mount : { ...mount, Source: name };
}
