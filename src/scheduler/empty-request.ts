import type { PlacementRequest } from "./types.ts";

/** Asks for nothing: any engine will do. Builds and network requests start from it: `{ ...EMPTY_REQUEST, constraints }`. */
export const EMPTY_REQUEST: PlacementRequest = {
  name: "",
  affinities: [],
  constraints: [],
  whitelists: [],
  portBindings: [],
  hostNetwork: false,
  exposedPorts: [],
  dependencies: [],
  memoryBytes: 0,
  cpus: 0,
  requiredImages: [],
  localNetworks: [],
  excludedEngines: new Set(),
  anyAvailability: false,
};
