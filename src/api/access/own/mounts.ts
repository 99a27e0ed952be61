import { plainText } from "../plain-text.ts";
import type { Belongings } from "./belongings.ts";
import {
  anything,
  denied,
  fields,
  nothing,
  objectAt,
  oneOf,
  textAt,
  withKnownFields,
  type Check,
} from "./checks.ts";

/** `name:/path`, `name:/path:ro`: the name of a volume, and what engines read behind the path of one. */
const VOLUME_BIND = /^([a-zA-Z0-9][\w.-]*):\/[^:]*(:(ro|rw|z|nocopy)(,(ro|rw|z|nocopy))*)?$/i;

/** An entry of `Binds`: a volume of the owner's, never a path of the host. */
export const bind =
  (own: Belongings): Check =>
  (value, at) => {
    const text = textAt(value, at);
    const [, name] = VOLUME_BIND.exec(text) ?? [];
    if (name === undefined)
      throw denied(`mount ${plainText(text)}: only its own volumes, as NAME:/PATH[:ro]`);
    return volumeNamed(own, name, text);
  };

/** An entry of `Mounts`: an anonymous volume or one of the owner's, without options for a driver; or memory. */
export const mount =
  (own: Belongings): Check =>
  (value, at) => {
    const given = objectAt(value, at);
    return withKnownFields(
      given,
      {
        Type: oneOf("volume", "tmpfs"),
        Source: (source, place) => {
          const name = textAt(source, place);
          if (name !== "" && !/^[a-zA-Z0-9][\w.-]*$/.test(name))
            throw denied(`mount ${plainText(name)}: only its own volumes`);
          return name === "" ? undefined : volumeNamed(own, name, name);
        },
        Target: anything,
        ReadOnly: anything,
        Consistency: anything,
        BindOptions: nothing,
        ClusterOptions: nothing,
        ImageOptions: nothing,
        TmpfsOptions: fields({ SizeBytes: anything, Mode: anything, Options: nothing }),
        VolumeOptions: fields({
          NoCopy: anything,
          Subpath: anything,
          Labels: nothing,
          DriverConfig: fields({ Name: oneOf("", "local"), Options: nothing }),
        }),
      },
      at,
    );
  };

function volumeNamed(own: Belongings, name: string, answer: string): string {
  if (!own.isVolume(name))
    throw denied(
      `mount volume ${plainText(name)}, which is not its own: create it first, under a name of its own`,
    );
  return answer;
}

/** `Volumes` of a create body: paths in the container at which it gets volumes without a name. */
export const anonymousVolumes: Check = (value, at) => {
  if (value === undefined || value === null) return undefined;
  const paths = Object.keys(objectAt(value, at));
  const odd = paths.find((path) => !/^\/[^:]*$/.test(path));
  if (odd !== undefined) throw denied(`set ${at} to ${plainText(odd)}`);
  return Object.fromEntries(paths.map((path) => [path, {}]));
};
