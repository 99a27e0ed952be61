import { consulProgram } from "../../lab/stores/consul.ts";
import { answers, StoreServer } from "../../lab/stores/store-server.ts";
import type { Lab } from "../../lab/lab.ts";

/** Where {@link startLabConsul} will serve: known before it does. */
export function labConsulAddress(lab: Lab): string {
  return `${lab.network.gateway}:8500`;
}

/** A Consul on the test machine's address in the lab, for containers on the lab's engines. It keeps nothing over a restart. */
export async function startLabConsul(lab: Lab): Promise<StoreServer> {
  const { gateway } = lab.network;
  const program = await consulProgram();
  return await StoreServer.start(lab, {
    name: "consul",
    command: () => [
      program,
      ...["agent", "-dev", "-node", "lab", "-bind", gateway, "-client", gateway],
      ...["-dns-port", "-1", "-grpc-port", "-1", "-log-level", "warn"],
    ],
    strayFolder: "/tmp/consul-test",
    isReady: () =>
      answers(`http://${labConsulAddress(lab)}/v1/status/leader`, (body) => body.length > '""'.length + 1),
  });
}
