import { expect } from "chai";
import { createNodesDiscovery } from "../../../discovery/nodes.ts";
import { loopbackAddress } from "../../../bench/fleet-process/loopback.ts";
import { Joining } from "../../../src/cli/simulate/joining.ts";
import { Progress } from "../../../src/cli/simulate/progress.ts";
import { discoveryText } from "../../../src/cli/simulate/texts.ts";
import { managerPlace, reachedAt } from "../../../src/cli/simulate/where.ts";

/** The addresses that `swarm manage` makes of a discovery argument. */
async function addressesOf(text: string): Promise<readonly string[]> {
  const stop = new AbortController();
  const discovery = createNodesDiscovery(text.replace("nodes://", ""));
  for await (const update of discovery.watch(stop.signal)) {
    stop.abort();
    if (update.kind === "entries") return update.addresses.map(({ address }) => address);
  }
  return [];
}

describe("cli/simulate: what a manager is started with", () => {
  for (const count of [1, 2, 20, 249, 250, 251, 252, 500, 501, 1_000, 1_750]) {
    it(`names ${count} engines, in patterns`, async () => {
      const addresses = Array.from({ length: count }, (_, index) => `${loopbackAddress(index)}:2375`);
      const text = discoveryText(addresses, 2375);
      expect(await addressesOf(text)).to.deep.equal(addresses);
      expect(text.length).to.be.below(60);
    });
  }

  it("lists engines of free ports", () => {
    expect(discoveryText(["127.0.0.1:5", "127.0.0.1:6"], 0)).to.equal("nodes://127.0.0.1:5,127.0.0.1:6");
  });
});

describe("cli/simulate: where its manager is", () => {
  // prettier-ignore
  const places = [
    { host: "tcp://127.0.0.1:3376", expose: false, at: "tcp://127.0.0.1:3376" },
    { host: "localhost:3376",       expose: false, at: "tcp://127.0.0.1:3376" },
    { host: "tcp://[::1]:3376",     expose: false, at: "tcp://[::1]:3376" },
    { host: "tcp://0.0.0.0:3376",   expose: true,  at: "tcp://127.0.0.1:3376" },
    { host: ":3376",                expose: true,  at: "tcp://127.0.0.1:3376" },
    { host: "10.0.0.1:3376",        expose: true,  at: "tcp://10.0.0.1:3376" },
  ];
  for (const { host, expose, at } of places) {
    it(`reaches ${host} at ${at}`, () => expect(reachedAt(managerPlace(host, expose))).to.equal(at));
  }
});

describe("cli/simulate: progress", () => {
  const collected = (isTTY: boolean): { text: string; write(text: string): void; isTTY: boolean } => ({
    text: "",
    isTTY,
    write(text) {
      this.text += text;
    },
  });

  it("writes one line over on a terminal, and clears it for others", () => {
    const out = collected(true);
    const progress = new Progress(out);
    progress.now("1 of 2");
    progress.now("2 of 2");
    progress.done("2 stand");
    progress.now("more");
    progress.write("WARN x\n");
    progress.end();
    const clear = "\r\u001b[K";
    expect(out.text).to.equal(`${clear}1 of 2${clear}2 of 2${clear}2 stand\n${clear}more${clear}WARN x\n`);
  });

  it("writes only what is done where nobody watches", () => {
    const out = collected(false);
    const progress = new Progress(out);
    progress.now("1 of 2");
    progress.done("2 stand");
    expect(out.text).to.equal("2 stand\n");
  });

  it("keeps what nodes log back until the start is over, but no warnings", () => {
    const out = collected(false);
    const progress = new Progress(out);
    progress.write('{"level":"info","msg":"registered"}\n');
    progress.write('{"level":"warn","msg":"odd"}\n');
    progress.end();
    progress.write('{"level":"info","msg":"later"}\n');
    expect(out.text).to.equal('{"level":"warn","msg":"odd"}\n{"level":"info","msg":"later"}\n');
  });
});

describe("cli/simulate: engines that join", () => {
  it("are named to the manager lot by lot, as those before become healthy", async () => {
    const addresses = Array.from({ length: 100 }, (_, index) => `${loopbackAddress(index)}:2375`);
    const joining = new Joining(addresses);
    const stop = new AbortController();
    const watch = joining.watch(stop.signal);
    const seen: number[] = [];
    for (const healthy of [0, 3, 43, 60]) {
      joining.healthy(healthy);
      const { value } = (await watch.next()) as { value: { addresses: readonly unknown[] } };
      seen.push(value.addresses.length);
    }
    stop.abort();
    expect(seen).to.deep.equal([40, 43, 83, 100]);
  });

  it("end with the watch", async () => {
    const stop = new AbortController();
    const watch = new Joining(["127.1.0.1:1"]).watch(stop.signal);
    await watch.next();
    const ended = watch.next();
    stop.abort();
    expect((await ended).done).to.equal(true);
  });
});
