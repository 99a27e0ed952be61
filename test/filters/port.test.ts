import { expect } from "chai";

import type { HostModePort, PlacementRequest, PortBinding } from "../../src/scheduler/types.ts";
import {
  candidate,
  container,
  frame,
  outcome,
  request,
  scheduler,
  SLOTS,
  used,
} from "../scheduler/builders.ts";
import type { FakeCandidate } from "../scheduler/builders.ts";

/** `80/tcp>10.0.0.1:80`: container port, host address and port. */
const bind = (text: string): PortBinding => {
  const [containerPort = "", host = ""] = text.split(">");
  const colon = host.lastIndexOf(":");
  return { containerPort, hostIp: host.slice(0, colon), hostPort: host.slice(colon + 1) };
};
const bridge = (...bindings: string[]): PlacementRequest => request({ portBindings: bindings.map(bind) });
const host = (...exposedPorts: string[]): PlacementRequest => request({ hostNetwork: true, exposedPorts });
const hostMode = (key: string, pending = false): HostModePort => ({ key, pending, holder: "nginx" });

describe("filters/port: the table of scheduling.md §10.4", () => {
  const nodes = (): readonly FakeCandidate[] => [
    candidate({
      name: "n1",
      others: 1,
      usedPorts: [used("80/tcp", ":80"), used("80/tcp", "0.0.0.0:80"), used("80/tcp", ":::80")],
    }),
    candidate({
      name: "n2",
      others: 2,
      usedPorts: [used("53/udp", "10.0.0.1:53"), used("80/tcp", "0.0.0.0:32768")],
    }),
    candidate({
      name: "n3",
      others: 3,
      usedPorts: [used("1/tcp", ":9090")],
      hostModePorts: [hostMode("443/tcp")],
    }),
  ];
  // prettier-ignore
  const cases: readonly (readonly [id: string, title: string, request: PlacementRequest, result: string, cluster?: string])[] = [
    ["P01", "80",                bridge("80/tcp>:80"),                            "n2 n3"],
    ["P02", "8080:80",           bridge("80/tcp>:8080"),                          "n1 n2 n3"],
    ["P03", "80/udp vs tcp",     bridge("80/udp>:80"),                            "n2 n3"],
    ["P04", "10.0.0.1:80",       bridge("80/tcp>10.0.0.1:80"),                    "n2 n3"],
    ["P05", "53/udp any",        bridge("53/udp>:53"),                            "n1 n3"],
    ["P06", "53/tcp same ip",    bridge("53/tcp>10.0.0.1:53"),                    "n1 n3"],
    ["P07", "53 other ip",       bridge("53/udp>10.0.0.2:53"),                    "n1 n2 n3"],
    ["P08", "dynamic 32768",     bridge("1/tcp>:32768"),                          "n1 n3"],
    ["P09", "random port",       bridge("80/tcp>:"),                              "n1 n2 n3"],
    ["P10", "9090 pending",      bridge("1/tcp>:9090"),                           "n1 n2"],
    ["P11", "80+53",             bridge("80/tcp>:80", "53/udp>:53"),              "n3"],
    ["P12", "80+53+9090",        bridge("80/tcp>:80", "53/udp>:53", "9/tcp>:9090"),
      frame("[port 80 (Bridge mode) port 53 (Bridge mode) port 9090 (Bridge mode)]")],
    ["P13", "443 bridge",        bridge("443/tcp>:443"),                          "n1 n2 n3"],
    ["P14", "range",             bridge("80/tcp>:8000-8010"),                     "n1 n2 n3"],
    ["P15", "[::]:80",           bridge("80/tcp>:::80"),                          "n2 n3"],
    ["P16", "0.0.0.0:53",        bridge("53/udp>0.0.0.0:53"),                     "n1 n3"],
    ["P17", "host 443",          host("443/tcp"),                                 "n1 n2"],
    ["P18", "host 443/udp",      host("443/udp"),                                 "n1 n2 n3"],
    ["P19", "host 80, binding ignored", { ...host("80/tcp"), portBindings: [bind("80/tcp>:80")] }, "n1 n2 n3"],
    ["P20", "host all taken",    host("443/tcp"), frame("[port 443/tcp (Host mode)]"), "n3"],
    ["P21", "all taken",         bridge("80/tcp>:80"), frame("[port 80 (Bridge mode)]"), "n1"],
  ];
  for (const [id, title, asked, result, cluster] of cases) {
    it(`${id}: ${title}`, () => {
      const on = nodes().filter(({ name }) => cluster === undefined || name === cluster);
      expect(outcome(scheduler().place(asked, on))).to.equal(result);
    });
  }
});

describe("filters/port: ranges (B4)", () => {
  // prettier-ignore
  const cases = [
    { it: "takes a node with one port left",           want: ["80/tcp>:8000-8002"], used: [":8000", ":8002"],                  admits: true },
    { it: "refuses a node with none left",             want: ["80/tcp>:8000-8001"], used: [":8000", ":8001"],                  admits: false },
    { it: "counts one port once, on however many addresses", want: ["80/tcp>:8000-8001"], used: ["0.0.0.0:8000", ":::8000"],   admits: true },
    { it: "does not count ports of another address",   want: ["80/tcp>10.0.0.1:8000-8001"], used: ["10.0.0.2:8000", ":8001"],  admits: true },
    { it: "counts once a container that asked for a range and got a port of it",   want: ["80/tcp>:8000-8001"], used: [":8000", ":8000-8001"],             admits: true },
    { it: "needs one port per binding",                want: ["80/tcp>:8000-8001", "81/tcp>:8000-8001"], used: [":8000"],      admits: false },
    { it: "treats a reversed range as text",           want: ["80/tcp>:10-5"],      used: [":10-5"],                           admits: false },
    { it: "treats words as text",                      want: ["80/tcp>:http"],      used: [":http"],                           admits: false },
    { it: "compares a single port with single ports",  want: ["80/tcp>:8000"],      used: [":8000-8010"],                      admits: true },
  ];
  for (const c of cases) {
    it(c.it, () => {
      const node = candidate({ usedPorts: c.used.map((text) => used("80/tcp", text)) });
      expect(scheduler().place(bridge(...c.want), [node]).kind).to.equal(c.admits ? "placed" : "refused");
    });
  }

  it("counts every reservation that still waits for its port", () => {
    const node = candidate({ usedPorts: ["a", "b"].map((holder) => used("80/tcp", ":8000-8001", holder)) });
    expect(scheduler().place(bridge("80/tcp>:8000-8001"), [node]).kind).to.equal("refused");
    expect(scheduler().place(bridge("80/tcp>:8000-8002"), [node]).kind).to.equal("placed");
  });
});

describe("filters/port: modern rules (B4)", () => {
  // prettier-ignore
  const cases = [
    { it: "80/udp and 80/tcp live together",           want: bridge("80/udp>:80"),  node: { usedPorts: [used("80/tcp", ":80")] },   classic: false, modern: true },
    { it: "ranges are told apart by protocol",         want: bridge("9/udp>:80-81"), node: { usedPorts: [used("9/tcp", ":80"), used("9/tcp", ":81")] }, classic: false, modern: true },
    { it: "a published port clashes with host mode",   want: bridge("1/tcp>:443"),  node: { hostModePorts: [hostMode("443/tcp")] }, classic: true,  modern: false },
    { it: "a range is used up by host mode too",       want: bridge("1/tcp>:443-444"), node: { hostModePorts: [hostMode("443/tcp"), hostMode("444/tcp")] }, classic: true, modern: false },
    { it: "host mode clashes with a published port",   want: host("443/tcp"),       node: { usedPorts: [used("1/tcp", ":443")] },   classic: true,  modern: false },
    { it: "host mode lets another protocol be",        want: host("443/tcp"),       node: { usedPorts: [used("1/udp", ":443")] },   classic: true,  modern: true },
    { it: "host mode sees reservations",               want: host("443/tcp"),       node: { hostModePorts: [hostMode("443/tcp", true)] }, classic: true, modern: false },
  ];
  for (const c of cases) {
    it(c.it, () => {
      const place = (modern: boolean) =>
        scheduler({ modern }).place(c.want, [candidate(c.node)]).kind === "placed";
      expect({ classic: place(false), modern: place(true) }).to.deep.equal({
        classic: c.classic,
        modern: c.modern,
      });
    });
  }
});

describe("filters/port: listing", () => {
  it("lists a binding without host port, which never clashes", () => {
    const asked = {
      ...bridge("80/tcp>:"),
      dependencies: [{ kind: "link", raw: "x", reference: "x" }] as const,
    };
    expect(outcome(scheduler().place(asked, [candidate({ containers: [container("web")] })]))).to.equal(
      frame("[port  (Bridge mode)]", SLOTS, "[--link=x]"),
    );
  });
});
