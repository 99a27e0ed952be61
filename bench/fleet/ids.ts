import { createHash, randomBytes } from "node:crypto";

const ID_BYTES = 32;
/** Taken in larger pieces: asking for each ID by itself takes longer than everything else of it. */
let chance = Buffer.alloc(0) as Buffer;

/** 64 random hex digits: containers, networks, execs, endpoints. */
export function randomId(): string {
  if (chance.length === 0) chance = randomBytes(ID_BYTES * 256);
  const id = chance.toString("hex", 0, ID_BYTES);
  chance = chance.subarray(ID_BYTES);
  return id;
}

/** 64 hex digits that depend on `text` only: the same image has the same ID on every engine. */
export const stableId = (text: string): string => createHash("sha256").update(text).digest("hex");

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** An engine ID as 20.10 shows it, `ABCD:EFGH:…` (twelve groups), always the same for one name. */
export function engineIdFor(name: string): string {
  const bytes = createHash("sha512").update(`engine ${name}`).digest();
  const letters = [...bytes.subarray(0, 48)].map((byte) => BASE32.charAt(byte % 32)).join("");
  return (letters.match(/.{4}/g) ?? []).join(":");
}

const MOODS = ["brave", "calm", "clever", "eager", "gentle", "happy", "keen", "quiet", "sharp", "vivid"];
const PEOPLE = [
  "babbage",
  "curie",
  "dijkstra",
  "euler",
  "franklin",
  "hopper",
  "lamarr",
  "noether",
  "turing",
  "wozniak",
];

/** A container name for those who gave none, not in use according to `taken`. */
export function randomName(taken: (name: string) => boolean): string {
  const pick = (from: readonly string[], byte: number): string => from[byte % from.length] ?? "";
  for (let round = 0; ; round++) {
    const [mood = 0, person = 0, digits = 0] = randomBytes(3);
    const name = `${pick(MOODS, mood)}_${pick(PEOPLE, person)}${round > 3 ? String(digits) : ""}`;
    if (!taken(name)) return name;
  }
}
