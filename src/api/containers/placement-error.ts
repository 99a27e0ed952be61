import { ApiError } from "../../errors.ts";
import type { Refusal } from "../../scheduler/types.ts";

/** Nothing fits; what to do about it is in the text. Another attempt would find the same. */
export class PlacementError extends ApiError {
  constructor({ message, explanation }: Refusal) {
    super(500, [message, ...explanation].join("\n"));
  }
}
