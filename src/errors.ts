/**
 * An error whose message is meant for the API client; anything else is a bug and answers 500.
 * The status is Docker's for the situation (spec: api.md §9).
 */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ApiError";
    this.status = status;
  }
}

/** `No such container: web` and its kin. */
export const notFound = (message: string): ApiError => new ApiError(404, message);
/** A malformed request. */
export const badRequest = (message: string): ApiError => new ApiError(400, message);
/** A name that is taken. */
export const conflict = (message: string): ApiError => new ApiError(409, message);

/** The text of anything thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Anything thrown, as an error. */
export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
