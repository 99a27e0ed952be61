import { expect } from "chai";
import { ClientPulls, imageName, type ClientPullsOptions } from "../../src/api/client-pulls.ts";
import type { Engine } from "../../src/cluster/engine.ts";
import { until } from "./support.ts";

/** An engine as far as it matters here. */
function engine(name: string, images: string[] = []) {
  const held = () => images.map((tag) => ({ Id: "sha256:1", RepoTags: [tag], RepoDigests: null }));
  const cache = {
    inventory: {
      get images() {
        return held();
      },
    },
    refreshImages: () => Promise.resolve(),
  };
  return { name, images, cache } as unknown as Engine & { readonly images: string[] };
}

const never = new AbortController().signal;

describe("api/client-pulls", () => {
  const make = (options: ClientPullsOptions = {}) => {
    const pulls = new ClientPulls(options);
    const released: string[] = [];
    return {
      pulls,
      released,
      expectPull: (on: Engine, create: string, client = "me", image = "app") =>
        pulls.expect({ client, image, engine: on, create, release: () => released.push(create) }),
      pull: async (image = "app", brings = true) => {
        const on = pulls.take("me", image) as ReturnType<typeof engine> | undefined;
        if (on !== undefined && brings) on.images.push("app:latest");
        if (on !== undefined) await pulls.over("me", image, on);
        return on;
      },
      repeated: (create: string) => pulls.repeated({ identity: "me", create }, "app", never),
    };
  };

  // prettier-ignore
  const names = [
    ["busybox",                      "docker.io/library/busybox:latest",  true],
    ["busybox",                      "index.docker.io/library/busybox",   true],
    ["10.88.0.1:5000/x",             "10.88.0.1:5000/x:latest",           true],
    ["app:1@sha256:aa",              "docker.io/library/app@sha256:aa",   true],
    ["busybox",                      "busybox:1",                         false],
    ["busybox",                      "other/busybox",                     false],
    ["busybox@sha256:aa",            "busybox:latest",                    false],
  ] as const;
  for (const [one, other, same] of names) {
    it(`${one} and ${other} are ${same ? "one image" : "two images"}`, () => {
      expect(imageName(one) === imageName(other)).to.equal(same);
    });
  }

  it("sends the pull, once, to the node of the create, and the repeated create after it", async () => {
    const { expectPull, pull, repeated, released } = make();
    const node = engine("node-1");
    expectPull(node, "c");
    expect(await repeated("c"), "nobody pulled yet").to.equal(undefined);
    expect(await pull("docker.io/library/app:latest")).to.equal(node);
    expect(await pull(), "the next is an ordinary one").to.equal(undefined);
    expect(await repeated("other")).to.equal(undefined);
    expect(released).to.deep.equal([]);
    expect(await repeated("c")).to.equal(node);
    expect(released).to.include("c");
    expect(await repeated("c")).to.equal(undefined);
  });

  it("does not ask which create it is before there was a pull", async () => {
    const { pulls, expectPull, pull } = make();
    let asked = 0;
    const client = {
      identity: "me",
      get create() {
        asked++;
        return "c";
      },
    };
    const node = engine("node-1");
    expectPull(node, "c");
    expect(await pulls.repeated(client, "app", never)).to.equal(undefined);
    expect(asked).to.equal(0);
    await pull();
    expect(await pulls.repeated(client, "app", never)).to.equal(node);
    expect(asked).to.equal(1);
  });

  it("passes over a node that will not do any more", () => {
    const { pulls, expectPull, released } = make();
    const [gone, there] = [engine("node-1"), engine("node-2")];
    expectPull(gone, "c1");
    expectPull(there, "c2");
    expect(pulls.take("me", "app", (node) => node !== gone)).to.equal(there);
    expect(released).to.deep.equal(["c1"]);
    expect(pulls.take("me", "app")).to.equal(undefined);
  });

  it("tells clients and images apart", () => {
    const { pulls, expectPull } = make();
    expectPull(engine("node-1"), "c");
    expect(pulls.take("you", "app")).to.equal(undefined);
    expect(pulls.take("me", "app:2")).to.equal(undefined);
    expect(pulls.take("me", "app")).to.not.equal(undefined);
  });

  it("forgets a create whose pull did not bring the image", async () => {
    const { expectPull, pull, repeated, released } = make();
    expectPull(engine("node-1"), "c");
    await pull("app", false);
    expect(released).to.include("c");
    expect(await repeated("c")).to.equal(undefined);
  });

  it("serves concurrent pulls in order, and gives each create its own node", async () => {
    const { expectPull, pull, repeated } = make();
    const nodes = [engine("node-1"), engine("node-2"), engine("node-3")];
    nodes.forEach((node, n) => expectPull(node, `c${String(n)}`));
    for (const node of nodes) expect(await pull()).to.equal(node);
    for (const n of [2, 0, 1]) expect(await repeated(`c${String(n)}`)).to.equal(nodes[n]);
  });

  it("lets a create wait for the pull to its node when another client process does that", async () => {
    const { pulls, expectPull, pull, repeated } = make();
    const [one, two] = [engine("node-1"), engine("node-2")];
    expectPull(one, "c1");
    expectPull(two, "c2");
    expect(await pull(), "the second process is first").to.equal(one);
    expect(pulls.take("me", "app")).to.equal(two);
    let answered: Engine | undefined;
    const waiting = repeated("c2").then((node) => (answered = node));
    await Promise.resolve();
    expect(answered).to.equal(undefined);
    two.images.push("app:latest");
    await pulls.over("me", "app", two);
    await waiting;
    expect(answered).to.equal(two);
    expect(await repeated("c1")).to.equal(one);
  });

  it("tells two pulls apart that end on one node at the same time", async () => {
    const { pulls, expectPull, repeated } = make();
    const node = engine("node-1");
    for (const create of ["c1", "c2"]) {
      expectPull(node, create);
      pulls.take("me", "app");
    }
    node.images.push("app:latest");
    await Promise.all([pulls.over("me", "app", node), pulls.over("me", "app", node)]);
    for (const create of ["c1", "c2"]) expect(await repeated(create)).to.equal(node);
  });

  it("does not wait for a pull that nobody has begun: the node that has the image will do", async () => {
    const { expectPull, pull, repeated } = make();
    const [one, two] = [engine("node-1"), engine("node-2")];
    expectPull(one, "never pulled");
    expectPull(two, "c2");
    await pull();
    expect(await repeated("c2")).to.equal(one);
    expect(await pull(), "the other one's, should it come").to.equal(two);
    expect(await repeated("never pulled")).to.equal(two);
  });

  it("gives up waiting with the client", async () => {
    const { pulls, expectPull, pull } = make();
    expectPull(engine("node-1"), "c1");
    expectPull(engine("node-2"), "c2");
    await pull();
    pulls.take("me", "app");
    const left = new AbortController();
    const waiting = pulls.repeated({ identity: "me", create: "c2" }, "app", left.signal);
    left.abort();
    await waiting;
  });

  it("keeps the place on the node for less time than it expects the pull, and that not for long", async () => {
    const { pulls, expectPull, released } = make({ releaseMs: 1, pullMs: 40 });
    expectPull(engine("node-1"), "c");
    await until(() => released.length === 1);
    expect(pulls.take("me", "app")).to.not.equal(undefined);
    expectPull(engine("node-2"), "late");
    await until(() => released.filter((each) => each === "late").length === 2, "the end of the window");
    expect(pulls.take("me", "app")).to.equal(undefined);
  });

  it("waits for a pull under way as long as that takes", async () => {
    const { pulls, expectPull, released, repeated } = make({ releaseMs: 1, pullMs: 2 });
    const node = engine("node-1", ["app:latest"]);
    expectPull(node, "c");
    pulls.take("me", "app");
    // Another one's window is over meanwhile.
    expectPull(engine("node-2"), "other");
    await until(() => released.filter((each) => each === "other").length === 2);
    await pulls.over("me", "app", node);
    expect(released).to.not.include("c");
    expect(await repeated("c")).to.equal(node);
  });

  it("expects the repeated create for a while only", async () => {
    const { expectPull, pull, repeated, released } = make({ repeatMs: 1 });
    expectPull(engine("node-1"), "c");
    await pull();
    await until(() => released.length > 0);
    expect(await repeated("c")).to.equal(undefined);
  });

  it("remembers so many and no more", () => {
    const { pulls, expectPull, released } = make({ maxEntries: 2 });
    for (const create of ["c1", "c2", "c3"]) expectPull(engine(create), create);
    expect(released).to.deep.equal(["c1"]);
    expect(pulls.take("me", "app")?.name).to.equal("c2");
  });
});
