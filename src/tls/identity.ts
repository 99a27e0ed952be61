import { constants, type X509Certificate } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import { readMaterial, type TlsMaterial, type TlsSettings } from "./material.ts";
import { materialWarnings } from "./warnings.ts";

export type { TlsMaterial, TlsSettings } from "./material.ts";

/**
 * The certificate, key and authorities of this process. They can be read again while it runs; connections that are open keep what they began
 * with, new ones take what is current.
 */
export class TlsIdentity {
  readonly settings: TlsSettings;
  readonly #now: () => number;
  #material: TlsMaterial;
  readonly #listeners = new Set<() => void>();

  private constructor(settings: TlsSettings, material: TlsMaterial, now: () => number) {
    this.settings = settings;
    this.#material = material;
    this.#now = now;
  }

  /**
   * @param now milliseconds since the epoch
   * @throws Error naming the file that cannot be used, and the remedy
   */
  static load(settings: TlsSettings, now: () => number = Date.now): TlsIdentity {
    return new TlsIdentity(settings, readMaterial(settings, now()), now);
  }

  get verify(): boolean {
    return this.settings.verify;
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  /** Our own certificate. */
  get leaf(): X509Certificate {
    return this.#material.chain[0];
  }

  /** What the operator should know about the material: see `materialWarnings`. */
  get warnings(): readonly string[] {
    return materialWarnings(this.settings, this.#material, this.#now());
  }

  /** For `tls.createSecureContext`, server or client. */
  get context(): SecureContextOptions {
    const { ca, cert, key } = this.#material;
    return { cert, key, minVersion: "TLSv1.2", ...(this.verify && ca !== undefined && { ca }) };
  }

  /**
   * For a server. Every connection shows its certificate: a session that is resumed would let in a client whose authority was withdrawn
   * meanwhile, and a renegotiation could turn one client into another.
   */
  get serverContext(): SecureContextOptions {
    return {
      ...this.context,
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    };
  }

  /** Reads the files again. What cannot be used changes nothing, and neither does what is the same. @throws Error naming the file */
  reload(): void {
    const material = readMaterial(this.settings, this.#now());
    const { ca, cert, key } = this.#material;
    if (material.ca === ca && material.cert === cert && material.key === key) return;
    this.#material = material;
    for (const listener of this.#listeners) listener();
  }

  /** Called after each reload that changed the material; the answer ends it. */
  onReload(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
