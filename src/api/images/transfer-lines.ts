/** One object of a progress stream. */
export type ProgressMessage = Readonly<Record<string, unknown>>;

/** What a client is told of one node's part in a transfer. Pure; `node` is what the lines are marked with. */
export interface TransferLines {
  /** Said before the node is asked. */
  started?(node: string): ProgressMessage;
  /** An engine's own message, marked. */
  message(node: string, message: ProgressMessage): ProgressMessage;
  /** Said when all went well. */
  finished?(node: string): ProgressMessage;
  /** What went wrong, or why the node has no part in it. */
  failed(node: string, text: string): ProgressMessage;
  /** The text of an error which the engine sent in its stream. */
  streamError(text: string): string;
  /**
   * What is said instead of an error that only means that the image is for another operating system, and that is none as long as another
   * node took it. Undefined: it is an error as any.
   */
  otherPlatform(text: string): string | undefined;
}

/** A pull (spec: images-networks-volumes.md §1.4). @param reference as the client wrote it */
export function pullLines(reference: string): TransferLines {
  const pulling = `Pulling ${reference}...`;
  const line = (node: string, status?: string): ProgressMessage => ({
    status: status === undefined ? pulling : `${pulling} : ${status}`,
    id: node,
  });
  return {
    started: (node) => line(node),
    message: (node, message) => ({ ...message, ...line(node, statusOf(message)) }),
    finished: (node) => line(node),
    failed: (node, text) => line(node, text),
    streamError: (text) => `Failed to load ${reference}: ${text}`,
    otherPlatform: (text) => (text.includes("image operating system") ? text : undefined),
  };
}

/** An import (§1.5). */
export const importLines: TransferLines = {
  message: (node, message) => ({ ...message, id: node }),
  finished: (node) => ({ id: node }),
  failed: (node, text) => ({ status: text, id: node }),
  streamError: (text) => text,
  otherPlatform: (text) => skipped("Import", text),
};

/** A load (§1.6). */
export const loadLines: TransferLines = {
  message: (node, message) => ({ ...message, status: loading(statusOf(message)), id: node }),
  failed: (node, text) => ({ status: loading(text), id: node }),
  streamError: (text) => `Failed to load image: ${text}`,
  otherPlatform: (text) => skipped("Load", text),
};

const loading = (status: string | undefined): string =>
  status === undefined ? "Loading Image..." : `Loading Image... : ${status}`;

const statusOf = ({ status }: ProgressMessage): string | undefined =>
  typeof status === "string" && status !== "" ? status : undefined;

function skipped(what: string, text: string): string | undefined {
  const [, image, engine] = /cannot (?:load|import) (.+) image on (.+)/.exec(text) ?? [];
  return image === undefined || engine === undefined
    ? undefined
    : `${what} skipped because image is for ${image} and engine is running ${engine}`;
}

/** The error an engine's message is, or undefined. */
export function errorOf({ error, errorDetail }: ProgressMessage): string | undefined {
  if (typeof error === "string" && error !== "") return error;
  if (typeof errorDetail !== "object" || errorDetail === null) return undefined;
  const { message } = errorDetail as { readonly message?: unknown };
  return typeof message === "string" && message !== "" ? message : undefined;
}

/** How a node's part in a transfer ended. */
export type NodeOutcome =
  | { readonly kind: "done" }
  /** `otherPlatform`: harmless, unless nobody took the image. */
  | {
      readonly kind: "failed";
      readonly node: string;
      readonly text: string;
      readonly otherPlatform: boolean;
    };

/** More nodes than this are not named one by one. */
const MAX_NAMES = 10;

/**
 * The stream's closing error: every text once, with the nodes it is from. Undefined when all is well, which it is too when some node took the
 * image and the others run another operating system.
 */
export function closingError(outcomes: readonly NodeOutcome[]): string | undefined {
  const failures = outcomes.filter((outcome) => outcome.kind === "failed");
  const harmless = failures.length < outcomes.length && failures.every(({ otherPlatform }) => otherPlatform);
  if (harmless || failures.length === 0) return undefined;
  const nodesByText = new Map<string, string[]>();
  for (const { node, text } of failures) {
    const nodes = nodesByText.get(text);
    if (nodes === undefined) nodesByText.set(text, [node]);
    else nodes.push(node);
  }
  return [...nodesByText].map(([text, nodes]) => `${nameThem(nodes)}: ${text}`).join("\n");
}

function nameThem(nodes: readonly string[]): string {
  const sorted = [...nodes].sort();
  const more = sorted.length - MAX_NAMES;
  const named = sorted.slice(0, MAX_NAMES).join(", ");
  return more > 0 ? `${named} and ${more} more` : named;
}
