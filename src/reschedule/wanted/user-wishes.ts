import type { ContainerRecord } from "../../cluster/container-record.ts";
import type { WantedCreate } from "./wanted.ts";

/** Something a user asks through this manager; say how it went. */
export interface Wish {
  /** @param succeeded the engine did it */
  settled(succeeded: boolean): void;
}

/** What the API tells those who remember what users want. */
export interface UserWishes {
  /**
   * A container was created through us. Resolves when what must outlive us is stored, at the latest after two seconds.
   * @returns warnings for the answer
   */
  created(record: ContainerRecord, create: WantedCreate): Promise<readonly string[]>;
  /** A user's start succeeded: it is wanted running. Resolves when that is stored, at the latest after two seconds. Never rejects. */
  started(record: ContainerRecord): Promise<void>;
  /** A user stops or kills a container: that it ends now is wanted. Call before the engine is asked. */
  stopping(record: ContainerRecord): Wish;
  /**
   * A user removes a container: it must not come back. Call before the engine is asked.
   * @param what where two copies are left of a failure, whether the user means both or only this one
   */
  removing(record: ContainerRecord, what: "container" | "copy"): Wish;
  /** Whether this container is being made in place of another, which is still the one that counts: what changes its name now would be lost with it. */
  isUnfinished(record: ContainerRecord): Promise<boolean>;
}

/** A wish of which only the first outcome counts. */
export function settledOnce(settle: (succeeded: boolean) => void): Wish {
  let open = true;
  return {
    settled(succeeded) {
      if (open) settle(succeeded);
      open = false;
    },
  };
}
