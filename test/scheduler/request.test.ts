import { expect } from "chai";

import { parseCreate } from "../../src/scheduler/request.ts";
import type { CreateOptions } from "../../src/scheduler/request.ts";
import { InvalidRequestError } from "../../src/scheduler/wire.ts";
import { fixtureF1, frame, NO_RESOURCES, outcome, scheduler, SLOTS } from "./builders.ts";

const DEFAULTS: CreateOptions = { countMemoryReservation: false, strictLabels: false };
const parse = (body: Record<string, unknown>, options: Partial<CreateOptions> = {}) =>
  parseCreate("", body, { ...DEFAULTS, ...options });
const place = (body: Record<string, unknown>): string =>
  outcome(scheduler().place(parse(body).request, fixtureF1()));
const labelled = (list: string, value: string) => ({ Labels: { [`com.docker.swarm.${list}`]: value } });

describe("scheduler/request: sources of expressions, scheduling.md §10.3", () => {
  // prettier-ignore
  const cases: readonly (readonly [id: string, body: Record<string, unknown>, result: string])[] = [
    ["W09", labelled("whitelists", '["node==n3"]'),                                               "n3"],
    ["W10", labelled("constraints", '["node==n3"'),                                               "n3 n1 n2"],
    ["W11", { ...labelled("constraints", '["region==us*"]'), Env: ["constraint:storage!=ssd"] },  "n2"],
    ["W12", { Env: ["constraint:"] }, frame(SLOTS, "error from constraint filter: One of operator ==, != is expected")],
    ["L11", { HostConfig: { Memory: 99_999_999_999_999 } },                                       NO_RESOURCES],
    ["L11", { HostConfig: { CpuShares: 5 } },                                                     NO_RESOURCES],
  ];
  for (const [id, body, result] of cases) {
    it(`${id}: ${JSON.stringify(body)}`, () => {
      expect(place(body)).to.equal(result);
    });
  }
});

describe("scheduler/request: the forwarded body", () => {
  it("L9: moves expressions from env to labels and keeps the rest in order", () => {
    const env = ["constraint:node==n1", "A=b", "affinity:image==busybox", "whitelist:node==n1|n2", "X"];
    const { body, request } = parse({ Image: "busybox", Env: [...env, "reschedule:on-node-failure"] });
    expect(body).to.deep.equal({
      Image: "busybox",
      Env: ["A=b", "X"],
      Labels: {
        "com.docker.swarm.affinities": '["image==busybox"]',
        "com.docker.swarm.constraints": '["node==n1"]',
        "com.docker.swarm.whitelists": '["node==n1|n2"]',
        "com.docker.swarm.reschedule-policies": '["on-node-failure"]',
      },
    });
    expect(request.constraints).to.deep.equal(["node==n1"]);
  });

  it("puts label entries before env entries", () => {
    const { body, request } = parse({ ...labelled("constraints", '["aa==1"]'), Env: ["constraint:bb==2"] });
    expect(request.constraints).to.deep.equal(["aa==1", "bb==2"]);
    expect(body.Labels).to.deep.equal({ "com.docker.swarm.constraints": '["aa==1","bb==2"]' });
  });

  // prettier-ignore
  const kept = ["Constraint:node==n1", " constraint:node==n1", "constraint", "constraint=x:y", "constraint :x", "constructor:x", ""];
  for (const entry of kept) {
    it(`leaves the env entry ${JSON.stringify(entry)} alone`, () => {
      expect(parse({ Env: [entry] })).to.deep.include({ body: { Env: [entry] } });
    });
  }

  it("shares what it does not read", () => {
    const given = {
      Image: "x",
      Volumes: { "/data": {} },
      HostConfig: { Binds: ["a:b"] },
      Env: null,
      Labels: null,
    };
    const { body } = parse(given);
    expect(body).to.deep.equal(given);
    expect(body.HostConfig).to.equal(given.HostConfig);
  });

  it("does not change the body given", () => {
    const given = { Env: ["constraint:node==n1"], Labels: { a: "b" }, Memory: 1, HostConfig: {} };
    const before = structuredClone(given);
    parse(given);
    expect(given).to.deep.equal(before);
  });

  it("moves old top-level resources into HostConfig, where they win", () => {
    const { body, request } = parse({
      Memory: 7,
      MemorySwap: -1,
      CpuShares: 2,
      Cpuset: "0,1",
      HostConfig: { Memory: 5, CpuShares: 1, Binds: [] },
    });
    expect(body).to.deep.equal({
      HostConfig: { Memory: 7, MemorySwap: -1, CpuShares: 2, CpusetCpus: "0,1", Binds: [] },
    });
    expect(request).to.include({ memoryBytes: 7, cpus: 2 });
  });

  it("ignores old top-level resources that say nothing", () => {
    const { body, request } = parse({ Memory: 0, Cpuset: "", HostConfig: { Memory: 5 } });
    expect(body).to.deep.equal({ HostConfig: { Memory: 5 } });
    expect(request.memoryBytes).to.equal(5);
  });
});

describe("scheduler/request: malformed labels (B10)", () => {
  for (const value of ['["node==n3"', "", "[1]", '{"a":1}', '"x"', '["a",null]']) {
    it(`warns of ${JSON.stringify(value)} and leaves it`, () => {
      const { warnings, body, request } = parse(labelled("constraints", value));
      expect(warnings).to.deep.equal([
        "label com.docker.swarm.constraints was ignored: its value is not a JSON array of strings",
      ]);
      expect(body).to.deep.equal(labelled("constraints", value));
      expect(request.constraints).to.deep.equal([]);
    });
  }

  it("overwrites it when env entries make the list non-empty", () => {
    const { body } = parse({ ...labelled("constraints", "oops"), Env: ["constraint:node==n1"] });
    expect(body.Labels).to.deep.equal({ "com.docker.swarm.constraints": '["node==n1"]' });
  });

  it("refuses it when labels are strict", () => {
    expect(() => parse(labelled("affinities", "oops"), { strictLabels: true }))
      .to.throw(
        InvalidRequestError,
        "invalid label com.docker.swarm.affinities: its value is not a JSON array of strings",
      )
      .with.property("status", 400);
  });

  it("takes null as an empty list", () => {
    expect(parse(labelled("constraints", "null")).warnings).to.deep.equal([]);
  });
});

describe("scheduler/request: reschedule policies", () => {
  const policy = (...policies: string[]) => parse({ Env: policies.map((text) => `reschedule:${text}`) });

  it("reads them", () => {
    expect(policy().reschedulePolicy).to.equal("");
    expect(policy("off").reschedulePolicy).to.equal("off");
    expect(policy("on-node-failure").reschedulePolicy).to.equal("on-node-failure");
    expect(parse(labelled("reschedule-policies", '["off"]')).reschedulePolicy).to.equal("off");
  });

  // prettier-ignore
  const singular: readonly (readonly [label: string, policy: string, warnings: number])[] = [
    ["on-node-failure",     "on-node-failure", 0],
    ['["on-node-failure"]', "on-node-failure", 0],
    ["off",                 "off",             0],
    ["always",              "",                1],
    ['["off","off"]',       "",                1],
    ['["on-node-failure"',  "",                1],
    ["",                    "",                1],
  ];
  for (const [label, wanted, warnings] of singular) {
    it(`takes the singular label of old slides, ${JSON.stringify(label)}`, () => {
      const parsed = parse(labelled("reschedule-policy", label));
      expect([parsed.reschedulePolicy, parsed.warnings.length]).to.deep.equal([wanted, warnings]);
      const written = parsed.body as { readonly Labels?: Record<string, string> };
      expect(written.Labels?.["com.docker.swarm.reschedule-policies"]).to.equal(
        wanted === "" ? undefined : JSON.stringify([wanted]),
      );
    });
  }

  it("prefers the plural label, and what the environment says, to the singular one", () => {
    const old = { "com.docker.swarm.reschedule-policy": "on-node-failure" };
    const plural = { ...old, "com.docker.swarm.reschedule-policies": '["off"]' };
    expect(parse({ Labels: plural }).reschedulePolicy).to.equal("off");
    expect(parse({ Labels: old, Env: ["reschedule:off"] }).reschedulePolicy).to.equal("off");
  });

  it("refuses a singular label that says nothing with strict labels", () => {
    expect(() => parse(labelled("reschedule-policy", "always"), { strictLabels: true }))
      .to.throw(InvalidRequestError)
      .that.includes({
        status: 400,
        message:
          "invalid label com.docker.swarm.reschedule-policy: its value is neither on-node-failure nor off",
      });
  });

  // prettier-ignore
  const bad: readonly (readonly [policies: string[], message: string])[] = [
    [["off", "off"],    "too many reschedule policies"],
    [["x", "y"],        "too many reschedule policies"],
    [["always"],        "invalid reschedule policy: always"],
    [[""],              "invalid reschedule policy: "],
  ];
  for (const [policies, message] of bad) {
    it(`refuses ${JSON.stringify(policies)}`, () => {
      expect(() => policy(...policies))
        .to.throw(InvalidRequestError)
        .that.includes({ status: 500, message });
    });
  }
});

describe("scheduler/request: resources (B8)", () => {
  // prettier-ignore
  const cases: readonly (readonly [title: string, host: Record<string, unknown>, countMemoryReservation: boolean, memoryBytes: number, cpus: number])[] = [
    ["CpuShares are whole CPUs",                { CpuShares: 2 },                           false, 0, 2],
    ["NanoCpus count upwards",                  { NanoCpus: 1_500_000_000 },                false, 0, 2],
    ["CpuShares win over NanoCpus",             { CpuShares: 1, NanoCpus: 3_000_000_000 },  false, 0, 1],
    ["MemoryReservation is not counted",        { MemoryReservation: 9 },                   false, 0, 0],
    ["MemoryReservation is counted on demand",  { MemoryReservation: 9 },                   true,  9, 0],
    ["Memory wins over MemoryReservation",      { Memory: 5, MemoryReservation: 9 },        true,  5, 0],
  ];
  for (const [title, host, countMemoryReservation, memoryBytes, cpus] of cases) {
    it(title, () => {
      const { request } = parse({ HostConfig: host }, { countMemoryReservation });
      expect(request).to.include({ memoryBytes, cpus });
    });
  }
});

describe("scheduler/request: names, ports and modes", () => {
  it("takes the name without its slash", () => {
    expect(parseCreate("/web", {}, DEFAULTS).request.name).to.equal("web");
    expect(parseCreate("web", {}, DEFAULTS).request.name).to.equal("web");
  });

  it("reads every binding, also the ones without a host port", () => {
    const PortBindings = {
      "80/tcp": [{ HostPort: "80" }, { HostIp: "10.0.0.1" }],
      "53/udp": null,
      "1/tcp": [null],
      "2/tcp": [],
    };
    expect(parse({ HostConfig: { PortBindings } }).request.portBindings).to.deep.equal([
      { containerPort: "80/tcp", hostIp: "", hostPort: "80" },
      { containerPort: "80/tcp", hostIp: "10.0.0.1", hostPort: "" },
      { containerPort: "1/tcp", hostIp: "", hostPort: "" },
    ]);
  });

  it("ignores bindings in host mode and takes the exposed ports", () => {
    const host = { NetworkMode: "host", PortBindings: { "80/tcp": [{ HostPort: "80" }] } };
    expect(parse({ ExposedPorts: { "443/tcp": {} }, HostConfig: host }).request).to.deep.include({
      hostNetwork: true,
      portBindings: [],
      exposedPorts: ["443/tcp"],
    });
  });
});

describe("scheduler/request: what is not of the right type", () => {
  // prettier-ignore
  const cases: readonly (readonly [body: unknown, message: string])[] = [
    [[],                                              "json: cannot unmarshal array into Go value of type runconfig.ContainerConfigWrapper"],
    ["x",                                             "json: cannot unmarshal string into Go value of type runconfig.ContainerConfigWrapper"],
    [{ Env: [1] },                                    "json: cannot unmarshal number into Go struct field Env of type string"],
    [{ Env: "A=b" },                                  "json: cannot unmarshal string into Go struct field Env of type []string"],
    [{ Env: { length: 1 } },                          "json: cannot unmarshal object into Go struct field Env of type []string"],
    [{ Labels: ["a"] },                               "json: cannot unmarshal array into Go struct field Labels of type map[string]string"],
    [{ Labels: { a: {} } },                           "json: cannot unmarshal object into Go struct field Labels of type string"],
    [{ Labels: { a: true } },                         "json: cannot unmarshal bool into Go struct field Labels of type string"],
    [{ HostConfig: 1 },                               "json: cannot unmarshal number into Go struct field HostConfig of type container.HostConfig"],
    [{ HostConfig: { Memory: "1g" } },                "json: cannot unmarshal string into Go struct field Memory of type int64"],
    [{ HostConfig: { Memory: 1.5 } },                 "json: cannot unmarshal number 1.5 into Go struct field Memory of type int64"],
    [{ HostConfig: { CpuShares: 1e30 } },             "json: cannot unmarshal number 1e+30 into Go struct field CpuShares of type int64"],
    [{ CpuShares: [] },                               "json: cannot unmarshal array into Go struct field CpuShares of type int64"],
    [{ HostConfig: { NetworkMode: {} } },             "json: cannot unmarshal object into Go struct field NetworkMode of type string"],
    [{ HostConfig: { Links: [{}] } },                 "json: cannot unmarshal object into Go struct field Links of type string"],
    [{ HostConfig: { PortBindings: [] } },            "json: cannot unmarshal array into Go struct field PortBindings of type nat.PortMap"],
    [{ HostConfig: { PortBindings: { "1/tcp": 1 } } }, "json: cannot unmarshal number into Go struct field PortBindings of type []nat.PortBinding"],
    [{ HostConfig: { PortBindings: { "1/tcp": [1] } } }, "json: cannot unmarshal number into Go struct field PortBindings of type nat.PortBinding"],
    [{ HostConfig: { PortBindings: { "1/tcp": [{ HostPort: 80 }] } } }, "json: cannot unmarshal number into Go struct field HostPort of type string"],
    [{ ExposedPorts: ["80/tcp"] },                    "json: cannot unmarshal array into Go struct field ExposedPorts of type nat.PortSet"],
  ];
  for (const [body, message] of cases) {
    it(JSON.stringify(body), () => {
      expect(() => parse(body as Record<string, unknown>))
        .to.throw(InvalidRequestError)
        .that.includes({ status: 400, message });
    });
  }

  it("takes null for nothing everywhere", () => {
    const host = { PortBindings: null, Links: null, VolumesFrom: null, NetworkMode: null, Memory: null };
    expect(place({ Env: null, Labels: null, ExposedPorts: null, HostConfig: host })).to.equal("n3 n1 n2");
    expect(place({ HostConfig: null })).to.equal("n3 n1 n2");
  });

  it("is not fooled by names every object has", () => {
    const body = JSON.parse('{"__proto__":{"Env":[1]},"Labels":{"__proto__":"x","toString":"y"}}') as Record<
      string,
      unknown
    >;
    expect(place(body)).to.equal("n3 n1 n2");
    expect(JSON.stringify(parse({ ...body, Env: ["constraint:node==n1"] }).body.Labels)).to.contain(
      '"__proto__":"x"',
    );
  });
});

describe("scheduler/request: hostile sizes", () => {
  for (const [title, value] of [
    ["one long expression", JSON.stringify([`node==${"x".repeat(10 * 2 ** 20)}`])],
    ["brackets", "[".repeat(10 * 2 ** 20)],
  ] as const) {
    it(`refuses a label of 10 MB of ${title} unread`, () => {
      expect(() => parse(labelled("constraints", value)))
        .to.throw(InvalidRequestError)
        .that.includes({
          status: 400,
          message: "invalid label com.docker.swarm.constraints: longer than 262144 characters",
        });
    });
  }

  it("lets other labels be of any length", () => {
    const Labels = { a: "x".repeat(10 * 2 ** 20) };
    expect(parse({ Labels }).body.Labels).to.deep.equal(Labels);
  });

  it("warns of a quarter of a megabyte of brackets", () => {
    expect(parse(labelled("constraints", "[".repeat(2 ** 18))).warnings).to.have.length(1);
  });

  it("refuses ten thousand expressions", () => {
    const Env = Array.from({ length: 10_000 }, () => "constraint:node==n1");
    expect(place({ Env })).to.equal(
      frame(SLOTS, "error from constraint filter: 10000 expressions are too many, at most 1000 are read"),
    );
  });
});
