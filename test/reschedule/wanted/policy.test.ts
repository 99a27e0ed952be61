import { expect } from "chai";
import { policyOf } from "../../../src/reschedule/wanted/policy.ts";

describe("reschedule/wanted/policy", () => {
  const plural = "com.docker.swarm.reschedule-policies";
  const singular = "com.docker.swarm.reschedule-policy";
  const movable = "com.docker.swarm.movable";
  // prettier-ignore
  const cases: readonly (readonly [labels: Record<string, string>, policy: string | undefined])[] = [
    [{},                                                        undefined],
    [{ [plural]: '["on-node-failure"]' },                       "on-node-failure"],
    [{ [plural]: '["off"]' },                                   undefined],
    [{ [plural]: '["on-node-failure"' },                        undefined],
    [{ [plural]: '"on-node-failure"' },                         undefined],
    [{ [plural]: "null" },                                      undefined],
    [{ [singular]: "on-node-failure" },                         "on-node-failure"],
    [{ [singular]: '["on-node-failure"]' },                     "on-node-failure"],
    [{ [singular]: "always" },                                  undefined],
    [{ [singular]: "on-node-failure", [plural]: '["off"]' },    undefined],
    [{ [movable]: "true" },                                     "off"],
    [{ [movable]: "false" },                                    undefined],
    [{ [movable]: "true", [plural]: '["on-node-failure"]' },    "on-node-failure"],
    [{ [movable]: "true", [plural]: '["off"]' },                "off"],
  ];
  for (const [labels, policy] of cases) {
    it(`${JSON.stringify(labels)}: ${policy ?? "not remembered"}`, () => {
      expect(policyOf(labels)).to.equal(policy);
    });
  }
});
