import { TOKEN_LABEL } from "./history.ts";
import type { Slot } from "./slots.ts";

const policyLabel = "com.docker.swarm.reschedule-policies";

/** The body of a create for a slot. */
export function createBody(slot: Slot, token: string): unknown {
  const bindings =
    slot.port === undefined ? {} : { PortBindings: { "80/tcp": [{ HostPort: String(slot.port) }] } };
  const named = slot.volume === undefined || slot.volume === "" ? {} : { Binds: [`${slot.volume}:/data`] };
  return {
    Image: "busybox",
    Cmd: ["sleep", "100000"],
    StopSignal: "SIGKILL",
    Labels: { [TOKEN_LABEL]: token, ...(slot.policy ? { [policyLabel]: '["on-node-failure"]' } : {}) },
    ...(slot.port === undefined ? {} : { ExposedPorts: { "80/tcp": {} } }),
    ...(slot.volume === "" ? { Volumes: { "/data": {} } } : {}),
    HostConfig: { ...bindings, ...named },
  };
}

/** The arguments of `docker` that create and start the same. */
export function runArguments(slot: Slot, token: string): readonly string[] {
  return [
    ...["run", "-d", "--name", slot.name, "--label", `${TOKEN_LABEL}=${token}`, "--stop-signal", "KILL"],
    ...(slot.policy ? ["-e", "reschedule:on-node-failure"] : []),
    ...(slot.port === undefined ? [] : ["-p", `${String(slot.port)}:80`]),
    ...(slot.volume === undefined ? [] : ["-v", slot.volume === "" ? "/data" : `${slot.volume}:/data`]),
    ...["busybox", "sleep", "100000"],
  ];
}
