import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import type { Lab } from "../../lab/lab.ts";

/** One request an engine made for a manifest: which image, from which address, with which user. */
export interface PullRequest {
  readonly image: string;
  /** The engine's address. */
  readonly from: string;
  /** The user of HTTP basic authentication, if any. */
  readonly user: string | undefined;
}

/** An image registry (the distribution API, read only) that every engine of a lab reaches. It serves one small image under any name. */
export class Registry implements AsyncDisposable {
  /** Manifests asked for so far. */
  readonly pulls: PullRequest[] = [];
  readonly #server = createServer((request, response) => this.#answer(request, response));
  readonly #blobs = new Map<string, Buffer>();
  readonly #manifest: Buffer;
  readonly #host: string;
  readonly #secret: string | undefined;

  private constructor(lab: Lab, secret: string | undefined) {
    this.#host = lab.network.gateway;
    this.#secret = secret;
    const layer = Buffer.alloc(10_240); // a tar without any file
    const config = { architecture: "amd64", os: "linux", config: { Cmd: ["true"] } };
    const rootfs = { type: "layers", diff_ids: [digestOf(layer)] };
    this.#manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        config: this.#store(configType, Buffer.from(JSON.stringify({ ...config, rootfs }))),
        layers: [this.#store(layerType, gzipSync(layer))],
      }),
    );
  }

  /** @param secret what every request must then bring as `user:password` */
  static async start(lab: Lab, secret?: string): Promise<Registry> {
    const registry = new Registry(lab, secret);
    registry.#server.listen(0, registry.#host);
    await once(registry.#server, "listening");
    return registry;
  }

  /** A reference to an image here: `10.88.17.1:40123/name`. Names that begin with `missing` do not exist. */
  image(name: string): string {
    return `${this.address}/${name}`;
  }

  /** `host:port` */
  get address(): string {
    return `${this.#host}:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #store(mediaType: string, content: Buffer): { mediaType: string; size: number; digest: string } {
    const digest = digestOf(content);
    this.#blobs.set(digest, content);
    return { mediaType, size: content.length, digest };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const credentials = /^Basic (.*)$/.exec(request.headers.authorization ?? "")?.[1];
    const pair = Buffer.from(credentials ?? "", "base64").toString();
    if (this.#secret !== undefined && pair !== this.#secret) {
      response.writeHead(401, {
        "WWW-Authenticate": 'Basic realm="lab"',
        "Content-Type": "application/json",
      });
      response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
      return;
    }
    const [, name, kind, reference] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? "") ?? [];
    if (name === undefined) {
      response.end("{}"); // `/v2/`: are you a registry?
      return;
    }
    if (kind === "manifests") {
      const user = credentials === undefined ? undefined : pair.split(":")[0];
      this.pulls.push({ image: name, from: request.socket.remoteAddress ?? "", user });
    }
    const content = kind === "manifests" ? this.#manifest : this.#blobs.get(reference ?? "");
    if (content === undefined || name.startsWith("missing")) {
      response.writeHead(404, { "Content-Type": "application/json" });
      response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
      return;
    }
    response.writeHead(200, {
      "Content-Type": kind === "manifests" ? manifestType : "application/octet-stream",
      "Content-Length": content.length,
      "Docker-Content-Digest": digestOf(content),
    });
    response.end(request.method === "HEAD" ? undefined : content);
  }
}

const family = "application/vnd.docker";
const manifestType = `${family}.distribution.manifest.v2+json`;
const configType = `${family}.container.image.v1+json`;
const layerType = `${family}.image.rootfs.diff.tar.gzip`;

const digestOf = (content: Buffer): string => `sha256:${createHash("sha256").update(content).digest("hex")}`;
