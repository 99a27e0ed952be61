import { connect as connectTcp } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { expect } from "chai";
import { makePki, type ClientPair, type Pki } from "../tls/pki.ts";
import { startManager, until, type TestManager } from "./support.ts";

describe("a manager that speaks TLS on both sides", () => {
  let pki: Pki;
  let manager: TestManager;
  let client: ClientPair;
  before(async () => {
    pki = await makePki();
    client = await pki.client();
    manager = await startManager({ tls: { settings: pki.identity(true).settings, client } });
  });
  after(async () => {
    await manager[Symbol.asyncDispose]();
    pki.remove();
  });

  const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";

  /** A container that repeats its input, and says `done` at the end of it. */
  const runCat = (name: string): Promise<string> =>
    manager.run({ Cmd: ["sh", "-c", "cat; echo done"], OpenStdin: true, StdinOnce: true, Tty: true }, name);

  const dial = (options: ConnectionOptions = {}): TLSSocket => {
    const socket = connect({
      host: "127.0.0.1",
      port: manager.port,
      allowHalfOpen: true,
      ...client,
      ...options,
    } as ConnectionOptions);
    socket.on("error", () => undefined);
    return socket;
  };
  const collect = (socket: TLSSocket): { text: string; readonly ended: Promise<unknown> } => {
    const seen = {
      text: "",
      ended: new Promise((resolve) => socket.once("end", resolve).once("close", resolve)),
    };
    socket.on("data", (chunk: Buffer) => (seen.text += chunk.toString("latin1")));
    return seen;
  };

  it("shows its engines as healthy, and runs containers on them", async () => {
    const id = await manager.run();
    expect(manager.engineOf(id).containers.has(id)).to.equal(true);
    const answer = await manager.ask("POST", `/containers/${id}/stop`);
    expect(answer.status).to.equal(204);
  });

  for (const [kind, headers] of [
    ["with an upgrade", upgrade],
    ["of an old client, without one", ""],
  ] as const) {
    it(`passes on the end of a client's input, and goes on with the output: an attach ${kind}`, async () => {
      const name = `cat${headers.length}`;
      await runCat(name);
      const socket = dial();
      const seen = collect(socket);
      socket.write(
        `POST /containers/${name}/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${headers}\r\n`,
      );
      await until(() => /^HTTP\/1\.1 (101|200) [^]*\r\n\r\n/.test(seen.text), "the head of the answer");
      socket.end("one\n");
      await seen.ended;
      expect(seen.text).to.match(/\r\n\r\n[^]*one\r?\n[^]*done\r?\n$/);
    });
  }

  it("takes the end of TCP for the end of the input, as Docker's client sends it", async () => {
    await runCat("cat-fin");
    const raw = connectTcp({ host: "127.0.0.1", port: manager.port, allowHalfOpen: true });
    const socket = dial({ socket: raw, host: undefined, port: undefined });
    const seen = collect(socket);
    socket.write(
      `POST /containers/cat-fin/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
    );
    await until(() => seen.text.includes("101 UPGRADED"), "the upgrade");
    await new Promise<void>((resolve) => socket.write("two\n", () => resolve()));
    raw.end(); // beneath TLS, which does not say that it ends
    await seen.ended;
    expect(seen.text).to.match(/two\r?\n[^]*done\r?\n$/);
  });

  it("notices a client that goes away in the middle of a stream", async () => {
    await runCat("cat-gone");
    const before = manager.connections();
    const socket = dial();
    const seen = collect(socket);
    socket.write(
      `POST /containers/cat-gone/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
    );
    await until(() => seen.text.includes("101 UPGRADED"), "the upgrade");
    socket.destroy();
    await until(() => manager.connections() <= before, "the connection being closed");
  });

  it("streams events, and an upload, and keeps a connection for several requests", async () => {
    const events = dial();
    const seen = collect(events);
    events.write("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => seen.text.includes("200 OK"), "the head of the answer");
    const id = await manager.create({ Labels: { big: "x".repeat(1 << 20) } }, "uploaded");
    await until(() => seen.text.includes(id), "the event");
    const kept = dial();
    const answers = collect(kept);
    for (const count of [1, 2, 3]) {
      kept.write("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
      await until(() => answers.text.split("\r\n\r\nOK").length === count + 1, "an answer");
    }
    events.destroy();
    kept.destroy();
  });
});
