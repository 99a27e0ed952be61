import type { Engine } from "../../cluster/engine.ts";
import { reservation } from "../../cluster/engine-candidate.ts";
import type { EngineResponseError } from "../../docker/engine-client.ts";
import { ApiError, errorText } from "../../errors.ts";
import { NoPrimaryError } from "../../replication/manager-role.ts";
import type { PlacementRequest } from "../../scheduler/types.ts";
import type { Services } from "../services.ts";
import { familiarReference, parseImageReference } from "../views/image-reference.ts";
import type { CreateClient } from "./create-client.ts";
import type { CreateIntent } from "./create-intents.ts";
import { ImageUnavailableError, isWholeId, pullOn } from "./create-on-engine.ts";
import { PlacementError } from "./placement-error.ts";
import { heldImage } from "./required-images.ts";

/** The client is to pull the image itself: 404, in the engine's words. */
export class ClientShouldPull extends ApiError {
  constructor(message: string, options?: ErrorOptions) {
    super(404, message, options);
  }
}

/**
 * Where a container may go as far as its image is concerned, and what is done where the image is missing. `anywhere`: it is pulled there;
 * `holders`: only where it is; `copy`: anywhere, and it is copied there from a holder.
 */
type Stage = "anywhere" | "holders" | "copy";

/**
 * How one create comes by its image (spec: scheduling.md §8, B9, B11): the stages to go through, one after the other as each fails. Which
 * ones depends on `swarm.followimage`, on how the image is named, and on whether the client named the node.
 */
export class ImageSupply {
  readonly #services: Services;
  readonly #intent: CreateIntent;
  readonly #client: CreateClient | undefined;
  readonly #signal: AbortSignal;
  readonly #image: string;
  readonly #isPinned: boolean;
  readonly #stages: Stage[];
  /** What the stages before this one ended with. */
  #refusal: ImageUnavailableError | undefined;

  /**
   * @param client the one waiting for the answer, if any; a create it repeats after its pull is not told again to pull
   * @param here the engine is settled already: only {@link bring} is asked for
   */
  constructor(
    services: Services,
    intent: CreateIntent,
    signal: AbortSignal,
    { client, here = false }: { readonly client?: CreateClient | undefined; readonly here?: boolean } = {},
  ) {
    this.#services = services;
    this.#intent = intent;
    this.#client = client;
    this.#signal = signal;
    this.#image = intent.body.Image ?? "";
    this.#isPinned =
      here ||
      intent.request.constraints.some((text) => text.startsWith("node==") && !text.startsWith("node==~"));
    const isId = intent.request.requiredImages.length > 0;
    const { followImage } = services.config.cluster;
    this.#stages =
      followImage === "always"
        ? [isId ? "copy" : "anywhere", "holders"]
        : [
            ...(isId ? [] : (["anywhere"] as const)),
            "holders",
            ...(followImage === "never" ? [] : (["copy"] as const)),
          ];
  }

  /** The request of this stage. */
  request(request: PlacementRequest): PlacementRequest {
    if (this.#stage !== "holders") return { ...request, requiredImages: [] };
    const { requiredImages } = this.#intent.request;
    const ids =
      requiredImages.length > 0 ? requiredImages : heldImage(this.#services.cluster, this.#image)?.ids;
    return { ...request, requiredImages: ids ?? [this.#image] };
  }

  /**
   * Goes on to the next stage after a failure which that one may mend.
   * @returns false: the failure is final
   */
  next(error: unknown): boolean {
    const noHolderFits = this.#stage === "holders" && error instanceof PlacementError;
    if (!noHolderFits && !(error instanceof ImageUnavailableError)) return false;
    if (this.#stages.length < 2) return false;
    if (heldImage(this.#services.cluster, this.#image) === undefined) return false;
    // A pinned container has had its copy where it was.
    if (this.#stage === "anywhere" && this.#isPinned) return false;
    if (error instanceof ImageUnavailableError) this.#refusal ??= error;
    this.#stages.shift();
    return true;
  }

  /**
   * Brings the image to the chosen engine, which said that it is missing.
   * @throws ClientShouldPull, ImageUnavailableError, EngineUnreachableError
   */
  async bring(engine: Engine, missing: EngineResponseError): Promise<void> {
    if (this.#stage === "copy") {
      await this.#copyTo(engine, this.#refusal);
      return;
    }
    const held = heldImage(this.#services.cluster, this.#image, engine);
    if (held === undefined && this.#client?.onMissingImage === "pulls" && !isWholeId(this.#image))
      throw new ClientShouldPull(missing.message, { cause: missing });
    const { followImage } = this.#services.config.cluster;
    // An engine that has another platform's image says so: a registry may have the right one, a holder hardly.
    const isAbsent = !/was found but|does not match/i.test(missing.message);
    const mayCopy = held !== undefined && isAbsent && followImage !== "never";
    const copiesHere = mayCopy && (followImage === "always" || this.#isPinned);
    const elsewhere = held !== undefined && isAbsent && !this.#isPinned;
    let refusal: ImageUnavailableError | undefined;
    try {
      if (held?.isLocal === true && (copiesHere || elsewhere))
        throw new ImageUnavailableError(engine, missing.message, { cause: missing });
      await this.#pullOn(engine);
      return;
    } catch (error) {
      if (!copiesHere || !(error instanceof ImageUnavailableError)) throw error;
      refusal = error;
    }
    await this.#copyTo(engine, refusal);
  }

  /**
   * What the client gets to hear in the end: all that stood in the way; and one that may do better with its own credentials gets a 404, and its
   * pull is expected.
   * @param error of the last attempt
   */
  verdict(error: unknown): unknown {
    const refusal = this.#refusal;
    if (!(error instanceof ImageUnavailableError || error instanceof PlacementError)) return error;
    const whole =
      error instanceof PlacementError && refusal !== undefined
        ? new ApiError(500, `${error.message}\n${refusal.message}`, { cause: error })
        : error;
    const denial = error instanceof ImageUnavailableError && error.denied ? error : refusal;
    if (denial?.denied !== true || this.#client === undefined || this.#client.onMissingImage === "fails")
      return whole;
    this.expectPull(denial.engine);
    return new ClientShouldPull(`No such image: ${this.#image} (${whole.message})`, { cause: error });
  }

  /**
   * The client is about to hear 404, and to pull whatever that was about. Until it comes back the container counts on its node, so that concurrent creates spread
   * as ever; its name and ports are not held, for it may never come back.
   */
  expectPull(engine: Engine): void {
    const client = this.#client;
    if (client === undefined || client.onMissingImage === "fails") return;
    const { request, swarmId } = this.#intent;
    const place = reservation(
      engine,
      swarmId,
      {},
      { ...request, name: "", portBindings: [], hostNetwork: false },
    );
    engine.candidate.reserve(place);
    this.#services.pulls.expect({
      client: client.identity,
      image: this.#image,
      engine,
      create: client.create,
      release: () => engine.candidate.release(place),
    });
  }

  get #stage(): Stage {
    return this.#stages[0] ?? "anywhere";
  }

  async #pullOn(engine: Engine): Promise<void> {
    const { body, query, registryAuth } = this.#intent;
    await pullOn(engine, { body, query, registryAuth, signal: this.#signal });
  }

  /** @param before why it is not there by other means */
  async #copyTo(engine: Engine, before: ImageUnavailableError | undefined): Promise<void> {
    const { cluster, copies, log } = this.#services;
    const held = heldImage(cluster, this.#image, engine);
    const reference = this.#portableName(held?.ids[0]);
    const also = before === undefined ? "" : `${before.message}; `;
    const options = { denied: before?.denied ?? false };
    if (held === undefined || reference === undefined) {
      const why =
        held === undefined
          ? `no healthy node holds ${this.#image}`
          : "a digest does not go along with a copy";
      throw new ImageUnavailableError(
        engine,
        `${also}cannot copy image ${this.#image} to ${engine.name}: ${why}`,
        options,
      );
    }
    try {
      await copies.copy({ holders: held.holders, to: engine, reference }, this.#signal);
    } catch (error) {
      if (error instanceof NoPrimaryError) throw error;
      throw new ImageUnavailableError(engine, also + errorText(error), { ...options, cause: error });
    }
    log.info({ image: this.#image, to: engine.name }, "copied an image between nodes");
  }

  /** What an archive of the image calls it: its name with its tag, or its ID if it was asked for by that. A digest is not kept. */
  #portableName(id: string | undefined): string | undefined {
    if (isWholeId(this.#image) || this.#intent.request.requiredImages.length > 0) return id;
    const name = parseImageReference(this.#image);
    return name.digest === undefined ? familiarReference({ ...name, tag: name.tag ?? "latest" }) : undefined;
  }
}
