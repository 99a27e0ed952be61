import { expect } from "chai";

import { parseCreate } from "../../src/scheduler/request.ts";
import { fixtureF1, frame, outcome, scheduler, SLOTS } from "../scheduler/builders.ts";

const place = (host: Record<string, unknown>, env: string[] = []): string => {
  const options = { countMemoryReservation: false, strictLabels: false };
  const { request } = parseCreate("", { HostConfig: host, Env: env }, options);
  return outcome(scheduler().place(request, fixtureF1()));
};

describe("filters/dependency: the table of scheduling.md §10.5", () => {
  // prettier-ignore
  const cases: readonly (readonly [id: string, host: Record<string, unknown>, result: string, env?: string[]])[] = [
    ["D01", { Links: ["web:alias"] },                    "n1"],
    ["D02", { Links: ["web"] },                          "n1"],
    ["D03", { Links: ["n1/web:a"] },                     "n1"],
    ["D04", { Links: ["n2/web:a"] },                     frame(SLOTS, "[--link=n2/web:a]")],
    ["D05", { Links: ["/web:a"] },                       "n1"],
    ["D06", { Links: [`${"b".repeat(12)}:x`] },          "n2"],
    ["D07", { Links: ["bbbb:x"] },                       "n2"],
    ["D08", { Links: [`${"s1".repeat(32)}:x`] },         "n1"],
    ["D09", { VolumesFrom: ["db:ro"] },                  "n2"],
    ["D10", { NetworkMode: "container:db2" },            "n2"],
    ["D11", { Links: ["db:d"], VolumesFrom: ["web"] },   frame(SLOTS, "[--volumes-from=web --link=db:d]")],
    ["D12", { Links: ["zzz:z"], VolumesFrom: ["yyy:ro"], NetworkMode: "container:xxx" },
      frame(SLOTS, "[--volumes-from=yyy:ro --link=zzz:z --net=container:xxx]")],
    ["D13", { VolumesFrom: ["db"] },                     frame(SLOTS, "[--volumes-from=db]", "[node==n1]"), ["constraint:node==n1"]],
  ];
  for (const [id, host, result, env] of cases) {
    it(`${id}: ${JSON.stringify(host)}`, () => {
      expect(place(host, env)).to.equal(result);
    });
  }
});

describe("filters/dependency: shared process and IPC spaces (B5)", () => {
  it("keeps the container with the one it shares with", () => {
    expect(place({ PidMode: "container:db" })).to.equal("n2");
    expect(place({ IpcMode: "container:web" })).to.equal("n1");
    expect(place({ PidMode: "host", IpcMode: "private" })).to.equal("n3 n1 n2");
  });

  it("lists them behind the contract's own", () => {
    expect(place({ IpcMode: "container:b", PidMode: "container:a", NetworkMode: "container:c" })).to.equal(
      frame(SLOTS, "[--net=container:c --pid=container:a --ipc=container:b]"),
    );
  });
});
