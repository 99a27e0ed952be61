import { ipKeyGenerator } from "express-rate-limit";

/** What one subscriber gets of IPv6: whoever has one of its addresses has them all. */
export const subscriberBits = 56;

/** Whom limits count: an IPv4 address (also one that came as `::ffff:10.0.0.1`), or the IPv6 network of a subscriber. */
export function clientOf(address: string): string {
  return ipKeyGenerator(address, subscriberBits);
}
