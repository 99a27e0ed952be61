import type { Socket } from "node:net";
import { asError } from "../errors.ts";

/** Asked right before a request of this method is sent. @throws why it may not be */
export type Fence = (method: string) => void;

/**
 * A connection that is being opened for one request: that may take long, so it is asked again when it is open. Nothing of the request has been sent
 * until then, and nothing is when the fence says no.
 * @param opened the event after which the request goes out
 * @param options Node's, for the pool: the request's own, its method among them
 */
export function fenced<S extends Socket>(
  socket: S,
  opened: "connect" | "secureConnect",
  { fence, options }: { readonly fence: Fence | undefined; readonly options: object },
): S {
  const { method = "GET" } = options as { readonly method?: unknown };
  if (fence === undefined) return socket;
  // First of its listeners: the request waits behind it.
  socket.prependOnceListener(opened, () => {
    try {
      fence(String(method));
    } catch (error) {
      socket.destroy(asError(error));
    }
  });
  return socket;
}
