import { conflict } from "../../../errors.ts";
import { splitNodeName } from "../../accepted-engines.ts";
import { plainText } from "../plain-text.ts";
import type { Belongings } from "./belongings.ts";
import { anything, denied, fields, nothing, oneOf, textAt, withKnownFields, type Check } from "./checks.ts";
import { endpoint, endpoints } from "./endpoints.ts";
import { hostConfig, updateFields } from "./host-config.ts";
import { ownLabels } from "./labels.ts";
import { anonymousVolumes } from "./mounts.ts";

type Body = Readonly<Record<string, unknown>>;

/**
 * The bodies of requests as the role `own` may send them, made anew of what is known to be harmless (docs/authorization.md).
 * Each takes a client's body and answers the one that goes on.
 * @throws ApiError 403 naming what is refused, 404 for things of others, 409 for names that others use
 */
export const bodies = {
  create: (body: Body, own: Belongings): Body =>
    labelled(body, own, {
      ...each([
        "Hostname",
        "Domainname",
        "User",
        "AttachStdin",
        "AttachStdout",
        "AttachStderr",
        "ExposedPorts",
      ]),
      ...each(["Tty", "OpenStdin", "StdinOnce", "Env", "Cmd", "Healthcheck", "ArgsEscaped", "WorkingDir"]),
      ...each(["Entrypoint", "NetworkDisabled", "MacAddress", "StopSignal", "StopTimeout", "Shell"]),
      ...each(["Memory", "MemorySwap", "CpuShares", "Cpuset"]),
      OnBuild: nothing,
      Image: image(own),
      Volumes: anonymousVolumes,
      HostConfig: hostConfig(own),
      NetworkingConfig: fields({ EndpointsConfig: endpoints(own) }),
    }),

  update: (body: Body): Body => withKnownFields(body, updateFields),

  exec: (body: Body): Body =>
    withKnownFields(body, {
      ...each(["AttachStdin", "AttachStdout", "AttachStderr", "Tty", "Env", "Cmd", "User", "WorkingDir"]),
      ...each(["DetachKeys", "ConsoleSize", "Detach", "Container"]),
      Privileged: nothing,
    }),

  networkCreate: (body: Body, own: Belongings): Body =>
    labelled(body, own, {
      ...each(["Internal", "Attachable", "EnableIPv4", "EnableIPv6", "CheckDuplicate"]),
      Name: freeName("network", (name) => own.isForeignNetwork(name)),
      Driver: oneOf("", "bridge", "overlay"),
      Scope: oneOf("", "local"),
      ConfigFrom: fields({ Network: nothing }),
      IPAM: fields({ Driver: oneOf("", "default"), Config: nothing, Options: nothing }),
      ...each(["Options", "Ingress", "ConfigOnly"], nothing),
    }),

  networkEndpoint: (body: Body, own: Belongings): Body =>
    withKnownFields(body, {
      Container: (value, at) => own.container(textAt(value, at)).id,
      EndpointConfig: (value, at) =>
        value === undefined || value === null ? undefined : endpoint(value, at),
      Force: anything,
    }),

  volumeCreate: (body: Body, own: Belongings): Body =>
    labelled(body, own, {
      Name: freeName("volume", (name) => own.isForeignVolume(name)),
      Driver: oneOf("", "local"),
      DriverOpts: nothing,
      ClusterVolumeSpec: nothing,
    }),
} as const;

function each(names: readonly string[], check: Check = anything): Readonly<Record<string, Check>> {
  return Object.fromEntries(names.map((name) => [name, check]));
}

/** With the owner's label, whether the client gave labels or not. */
function labelled(body: Body, own: Belongings, known: Readonly<Record<string, Check>>): Body {
  const labels = ownLabels(own.label);
  const checked = withKnownFields(body, { ...known, Labels: labels });
  return { ...checked, Labels: checked.Labels ?? labels({}, "Labels") };
}

/** An image that brings the label would make a container that is not the owner's, see {@link Belongings.container}. */
const image =
  (own: Belongings): Check =>
  (value, at) => {
    const name = textAt(value, at);
    if (own.isImageLabelled(name))
      throw denied(
        `run image ${plainText(name)}, which itself carries the label ${own.label.key}=${own.label.value}`,
      );
    return name;
  };

/** A name that nobody else uses on any node: theirs would be used in its place, or come to mean several. */
const freeName =
  (kind: "network" | "volume", isForeign: (name: string) => boolean): Check =>
  (value, at) => {
    const text = textAt(value, at);
    const { name } = splitNodeName(text);
    if (isForeign(name) || isForeign(text)) throw conflict(`${kind} with name ${name} already exists`);
    return text;
  };
