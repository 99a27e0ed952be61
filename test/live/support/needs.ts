import type { Context } from "mocha";
import { onCi } from "../../lab/ci.ts";
import { missingComponents } from "../../lab/system.ts";
import type { ClientTool } from "../../lab/system.ts";

/**
 * The tests of this `describe` run a client that may be missing on this machine: on CI they fail then, elsewhere they are
 * skipped and say why. Call it in the body of the `describe`.
 */
export function needs(tool: ClientTool): void {
  before(function (this: Context) {
    const missing = missingComponents("clients").find(({ name }) => name === tool);
    if (missing === undefined) return;
    skipUnlessOnCi(this, `${tool} is missing: ${missing.remedy}`);
  });
}

/** What the tests need is not to be had on this machine: on CI that is a failure, elsewhere they are skipped and say why. */
export function skipUnlessOnCi(context: Context, reason: string): never {
  if (onCi) throw new Error(reason);
  console.log(`    skipped, ${reason}`);
  context.skip();
}
