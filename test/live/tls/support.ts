import { Lab } from "../../lab/lab.ts";
import type { EngineSpec } from "../../lab/lab.ts";
import { TestAuthority } from "../../support/certificates.ts";

/** Engines that serve TLS, and who vouches for them. */
export interface TlsLab {
  readonly lab: Lab;
  readonly authority: TestAuthority;
}

/** A lab for the tests of one `describe`. Call it in its body, the result in the tests. */
export function useTlsLab(engines: readonly Omit<EngineSpec, "tls">[]): () => TlsLab {
  let made: TlsLab | undefined;
  before(async () => {
    const authority = await TestAuthority.create();
    made = {
      authority,
      lab: await Lab.create({ engines: engines.map((spec) => ({ ...spec, tls: authority })) }),
    };
  });
  after(async () => await made?.lab.dispose());
  return () => {
    if (made === undefined) throw new Error("the lab is up only while tests run");
    return made;
  };
}
