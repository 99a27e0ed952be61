type Endpoints = Readonly<Record<string, unknown>>;

/**
 * The `Containers` of one network as several engines tell them, each endpoint once. An engine lists those of others under `ep-<endpoint ID>`; the
 * container's own ID is better. An endpoint without ID is not attached (images-networks-volumes.md §2.3, A18).
 * @param tellings whatever engines answered as `Containers`
 */
export function mergedEndpoints(tellings: readonly unknown[]): Endpoints {
  const merged = new Map<string, readonly [key: string, endpoint: unknown]>();
  for (const telling of tellings) {
    if (typeof telling !== "object" || telling === null) continue;
    for (const [key, endpoint] of Object.entries(telling)) {
      const id = endpointId(endpoint);
      if (id === "") continue;
      const known = merged.get(id);
      if (known === undefined || known[0].includes(id)) merged.set(id, [key, endpoint]);
    }
  }
  return Object.fromEntries(merged.values());
}

function endpointId(endpoint: unknown): string {
  const { EndpointID } = (endpoint ?? {}) as { EndpointID?: unknown };
  return typeof EndpointID === "string" ? EndpointID : "";
}
