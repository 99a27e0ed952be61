/** Ends a command with exit code 1. The message is for the operator, often a text of the contract. */
export class CommandError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandError";
  }
}
