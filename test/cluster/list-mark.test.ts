import { expect } from "chai";
import { listMark } from "../../src/cluster/list-mark.ts";

const entry = (part: object = {}): object => ({
  Id: "a",
  Names: ["/web"],
  Labels: { note: '"Status":"Up' },
  State: "running",
  Status: "Up 3 minutes (healthy)",
  Ports: [],
  ...part,
});
const mark = (...entries: readonly object[]): string => listMark(Buffer.from(JSON.stringify(entries)));

describe("cluster/list-mark", () => {
  const now = mark(entry(), entry({ Id: "b", Status: "Up 2 hours" }));
  // prettier-ignore
  const cases = [
    { it: "is the same for the same",                 same: true,  list: [entry(), entry({ Id: "b", Status: "Up 2 hours" })] },
    { it: "as time passes",                           same: true,  list: [entry({ Status: "Up About an hour (healthy)" }), entry({ Id: "b", Status: "Up 3 hours" })] },
    { it: "is another for another health",            same: false, list: [entry({ Status: "Up 3 minutes (unhealthy)" }), entry({ Id: "b", Status: "Up 2 hours" })] },
    { it: "for a first health",                       same: false, list: [entry(), entry({ Id: "b", Status: "Up 2 hours (healthy)" })] },
    { it: "for another state",                        same: false, list: [entry(), entry({ Id: "b", State: "exited", Status: "Exited (0) 2 hours ago" })] },
    { it: "for another name",                         same: false, list: [entry({ Names: ["/shop"] }), entry({ Id: "b", Status: "Up 2 hours" })] },
    { it: "for what comes last",                      same: false, list: [entry(), entry({ Id: "b", Status: "Up 2 hours", Ports: [{ PrivatePort: 1 }] })] },
    { it: "for one container less",                   same: false, list: [entry()] },
    { it: "for another order",                        same: false, list: [entry({ Id: "b", Status: "Up 2 hours" }), entry()] },
  ];
  for (const { it: title, same, list } of cases) {
    it(title, () => {
      expect(mark(...list) === now).to.equal(same);
    });
  }

  it("of a text that breaks off is one, too", () => {
    expect(listMark(Buffer.from('[{"Status":"Up'))).to.not.equal(
      listMark(Buffer.from('[{"Status":"Up (healthy)')),
    );
    expect(listMark(Buffer.alloc(0))).to.have.length(44);
  });
});
