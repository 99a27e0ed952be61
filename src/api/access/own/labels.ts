import type { OwnLabel } from "../policy.ts";
import { denied, objectAt, type Check } from "./checks.ts";
import { plainText } from "../plain-text.ts";

/** Labels that tell the manager where things go. The others of that family say what a container is, and whose place it takes. */
const PLACEMENT: ReadonlySet<string> = new Set([
  "com.docker.swarm.affinities",
  "com.docker.swarm.constraints",
  "com.docker.swarm.reschedule-policies",
  "com.docker.swarm.whitelists",
]);

/** A client's labels, with the owner's. */
export const ownLabels =
  (own: OwnLabel): Check =>
  (value, at) => {
    const labels: Record<string, string> = {};
    for (const [key, given] of Object.entries(objectAt(value ?? {}, at))) {
      const text = given ?? "";
      const name = `${at}.${plainText(key)}`;
      if (typeof text !== "string") throw denied(`set ${name} to what is no text`);
      if (/^com\.docker\.swarm\./i.test(key) && !PLACEMENT.has(key)) throw denied(`set ${name}`);
      if (key === own.key && text !== own.value) throw denied(`set ${name} to anything but ${own.value}`);
      Object.defineProperty(labels, key, {
        value: text,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    labels[own.key] = own.value;
    return labels;
  };
