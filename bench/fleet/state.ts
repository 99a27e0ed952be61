import { Alarms } from "./alarms.ts";
import { EngineClock } from "./clock.ts";
import { ContainerTexts } from "./container-text.ts";
import { attributesText, EventLog } from "./event-log.ts";
import { EngineRefusal } from "./exchange.ts";
import { engineIdFor, stableId } from "./ids.ts";
import { findImage, imageTemplate, normalizeReference } from "./images.ts";
import type {
  EngineOptions,
  EngineVersions,
  SimContainer,
  SimExec,
  SimImage,
  SimNetwork,
  SimVolume,
  SystemFacts,
  ToldAttributes,
} from "./types.ts";

const DEBIAN_20_10: EngineVersions = { apiVersion: "1.41", minApiVersion: "1.12", serverVersion: "20.10.24" };
const DEFAULT_PULLABLE = ["alpine", "busybox", "hello-world", "httpd", "nginx", "redis", "redis:alpine"];

/** Who makes a host port unavailable: dockerd's own port allocator, or a foreign process its proxy runs into. */
export type PortHolder = "allocator" | "process";

/** Everything one simulated engine knows; the route handlers read and change it. */
export class EngineState {
  readonly name: string;
  readonly id: string;
  readonly labels: readonly string[];
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly versions: EngineVersions;
  /** What every answer carries, as lines of a head. */
  readonly commonHeaders: string;
  readonly pullable: ReadonlySet<string>;
  readonly anything: boolean;
  readonly system: SystemFacts;

  readonly clock = new EngineClock();
  readonly alarms = new Alarms();
  readonly events: EventLog;
  readonly texts = new ContainerTexts(this);

  /** By ID. */
  readonly containers = new Map<string, SimContainer>();
  /** Name without slash to ID. */
  readonly names = new Map<string, string>();
  readonly images = new Map<string, SimImage>();
  readonly networks = new Map<string, SimNetwork>();
  readonly volumes = new Map<string, SimVolume>();
  readonly execs = new Map<string, SimExec>();
  /** Host ports somebody outside Docker's sight holds. */
  readonly heldPorts = new Map<number, PortHolder>();
  #lastPid = 100;
  #nextPort = 49152;

  constructor(options: EngineOptions) {
    const { labels = {} } = options;
    this.name = options.name;
    this.id = options.id ?? engineIdFor(options.name);
    this.labels = isLines(labels) ? labels : Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    this.cpus = options.cpus ?? 4;
    this.memoryBytes = options.memoryBytes ?? 8 * 1024 ** 3;
    this.versions = options.version ?? DEBIAN_20_10;
    const { apiVersion, serverVersion } = this.versions;
    this.commonHeaders = `Api-Version: ${apiVersion}\r\nOstype: linux\r\nServer: Docker/${serverVersion} (linux)\r\nDocker-Experimental: false\r\n`;
    this.anything = options.anything ?? false;
    this.system = options.system ?? {};
    this.pullable = new Set((options.pullable ?? DEFAULT_PULLABLE).map(normalizeReference));
    this.events = new EventLog(options.keepEvents ?? 256, this.clock);
    for (const reference of options.images ?? ["busybox"]) {
      const image = imageTemplate(normalizeReference(reference));
      this.images.set(image.id, image);
    }
    for (const [name, driver] of [
      ["none", "null"],
      ["host", "host"],
      ["bridge", "bridge"],
    ] as const) {
      const id = stableId(`network ${this.id} ${name}`);
      this.networks.set(id, predefinedNetwork(id, name, driver, this.clock.now()));
    }
  }

  /** `20` for 1.41's `41`: the highest minor this engine speaks. */
  get apiMinor(): number {
    return Number(this.versions.apiVersion.split(".")[1]);
  }

  newPid(): number {
    return ++this.#lastPid;
  }

  /** The next port of the ephemeral range. */
  nextFreePort(): number {
    this.#nextPort = this.#nextPort >= 65535 ? 49153 : this.#nextPort + 1;
    return this.#nextPort;
  }

  /** By full ID, name or unique prefix of the ID; 404 in dockerd's words otherwise. */
  container(reference: string): SimContainer {
    const byName = this.names.get(reference.replace(/^\//, ""));
    const exact =
      this.containers.get(reference) ?? (byName === undefined ? undefined : this.containers.get(byName));
    if (exact) return exact;
    const found =
      reference === "" ? [] : [...this.containers.values()].filter(({ id }) => id.startsWith(reference));
    if (found.length > 1)
      throw new EngineRefusal(400, `Multiple IDs found with provided prefix: ${reference}`);
    if (found[0]) return found[0];
    throw new EngineRefusal(404, `No such container: ${reference}`);
  }

  image(reference: string): SimImage | undefined {
    return findImage(this.images.values(), reference);
  }

  network(reference: string): SimNetwork {
    const found =
      this.networks.get(reference) ?? this.networkCalled(reference) ?? this.#networkByPrefix(reference);
    if (!found) throw new EngineRefusal(404, `network ${reference} not found`);
    return found;
  }

  #networkByPrefix(reference: string): SimNetwork | undefined {
    if (reference === "") return undefined;
    return [...this.networks.values()].find(({ id }) => id.startsWith(reference));
  }

  /** The network with this very name or ID. */
  networkCalled(wanted: string): SimNetwork | undefined {
    for (const network of this.networks.values())
      if (network.name === wanted || network.id === wanted) return network;
    return undefined;
  }

  /** Of the network with this very name; `""`: there is none. */
  networkIdOf(wanted: string): string {
    for (const { id, name } of this.networks.values()) if (name === wanted) return id;
    return "";
  }

  volume(name: string): SimVolume {
    const volume = this.volumes.get(name);
    if (!volume) throw new EngineRefusal(404, `get ${name}: no such volume`);
    return volume;
  }

  /** An event of a container, with the attributes dockerd gives it: labels, image and name. */
  containerEvent(container: SimContainer, action: string, extra?: Readonly<Record<string, string>>): void {
    const { id, config } = container;
    const from = config.Image ?? "";
    const { attributes, text } = toldAttributes(container);
    this.events.record(
      extra === undefined
        ? { type: "container", action, id, from, attributes, attributesText: text }
        : { type: "container", action, id, from, attributes: { ...attributes, ...extra } },
    );
  }
}

function toldAttributes(container: SimContainer): ToldAttributes {
  const { name, config, told } = container;
  if (told?.name === name) return told;
  const attributes = { ...config.Labels, image: config.Image ?? "", name };
  return (container.told = { name, attributes, text: attributesText(attributes) });
}

const isLines = (labels: NonNullable<EngineOptions["labels"]>): labels is readonly string[] =>
  Array.isArray(labels);

function predefinedNetwork(id: string, name: string, driver: string, createdMs: number): SimNetwork {
  const isBridge = driver === "bridge";
  return {
    ...{ id, name, driver, scope: "local", createdMs, internal: false, attachable: false, labels: {} },
    options: isBridge
      ? { "com.docker.network.bridge.default_bridge": "true", "com.docker.network.bridge.name": "docker0" }
      : {},
    ipam: { Driver: "default", Options: null, Config: isBridge ? [{ Subnet: "172.17.0.0/16" }] : [] },
  };
}
