import type { Engine } from "../cluster/engine.ts";

/**
 * Remembers, between a create that was answered with 404 because its node lacks the image, the pull by which the client reacts, and the
 * create it then repeats, which node that was: the pull goes there alone, with the client's credentials, and the create follows it.
 */
export class ClientPulls {
  /** A create of this client's was told that the image is missing; the node it had been given. */
  expect(_client: string, _image: string, _engine: Engine): void {
    throw new Error("not implemented");
  }

  /** The node to which this pull of the client's belongs, once; undefined: an ordinary pull. */
  take(_client: string, _image: string): Engine | undefined {
    return undefined;
  }
}
