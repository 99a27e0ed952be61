import { startEtcd, startEtcdCluster } from "../../../lab/stores/etcd.ts";
import type { Lab } from "../../../lab/lab.ts";
import type { StoreServer } from "../../../lab/stores/store-server.ts";
import type { KeySample } from "../invariants/observations.ts";
import { StoreLink } from "./store-link.ts";

const prefix = "chaos";

/** One server of the store. */
export interface StoreMember {
  readonly name: string;
  readonly server: StoreServer;
  readonly address: string;
}

/** The store of a world, and the ways to it: each user has its own, so that each can be cut off or slow by itself. */
export class StoreSide implements AsyncDisposable {
  readonly members: readonly StoreMember[];
  readonly #gateway: string;
  readonly #links: StoreLink[] = [];
  readonly #close: () => Promise<void>;

  private constructor(lab: Lab, members: readonly StoreMember[], close: () => Promise<void>) {
    this.#gateway = lab.network.gateway;
    this.members = members;
    this.#close = close;
  }

  /** An etcd for each name: one, or three. */
  static async start(lab: Lab, names: readonly string[]): Promise<StoreSide> {
    if (names.length === 1) {
      const { server, address, ...rest } = await startEtcd(lab);
      return new StoreSide(
        lab,
        [{ name: names[0]!, server, address }],
        async () => await rest[Symbol.asyncDispose](),
      );
    }
    const cluster = await startEtcdCluster(lab);
    const members = cluster.members.map((member, index) => ({ ...member, name: names[index]! }));
    return new StoreSide(lab, members, async () => await cluster[Symbol.asyncDispose]());
  }

  member(name: string): StoreMember {
    const found = this.members.find((member) => member.name === name);
    if (found === undefined) throw new Error(`no server ${name}`);
    return found;
  }

  /** Ways of their own for somebody in the lab, one to each server. */
  async links(): Promise<readonly StoreLink[]> {
    const made = await Promise.all(
      this.members.map(({ address }) => StoreLink.start(this.#gateway, address)),
    );
    this.#links.push(...made);
    return made;
  }

  /** What a manager or an agent is told that uses these ways. */
  discovery(links: readonly StoreLink[]): string {
    return `etcd://${links.map(({ port }) => `${this.#gateway}:${String(port)}`).join(",")}/${prefix}`;
  }

  /** Lists an engine for ever, as an operator may. */
  async list(engineAddress: string): Promise<void> {
    const key = `/${prefix}/docker/swarm/nodes/${engineAddress}`;
    const body = { key: base64(key), value: base64(engineAddress) };
    await this.#ask("/v3/kv/put", body, 5000);
  }

  /** Who holds the leader's key now, as the first server says that has the others' consent. */
  async holder(): Promise<KeySample> {
    const askedMs = Date.now();
    const answer = await this.#ask(
      "/v3/kv/range",
      { key: base64(`/${prefix}/docker/swarm/leader`) },
      500,
    ).catch(() => undefined);
    const answeredMs = Date.now();
    if (answer === undefined) return { askedMs, answeredMs, found: undefined };
    const { kvs = [] } = answer as {
      readonly kvs?: { readonly value?: string; readonly create_revision: string }[];
    };
    const [entry] = kvs;
    if (entry === undefined) return { askedMs, answeredMs, found: "nobody" };
    const holder = Buffer.from(entry.value ?? "", "base64").toString("utf8");
    return { askedMs, answeredMs, found: { holder, tenure: entry.create_revision } };
  }

  async #ask(path: string, body: unknown, timeoutMs: number): Promise<unknown> {
    const request = { method: "POST", body: JSON.stringify(body), signal: AbortSignal.timeout(timeoutMs) };
    return await Promise.any(
      this.members.map(async ({ address }) => {
        const answer = await fetch(`http://${address}${path}`, request);
        if (answer.status !== 200)
          throw new Error(`${path}: ${String(answer.status)} ${await answer.text()}`);
        return await answer.json();
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#links.map((link) => link[Symbol.asyncDispose]()));
    await this.#close();
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
