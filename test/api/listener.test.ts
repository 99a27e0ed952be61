import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { pino } from "pino";
import type { HttpApp } from "../../src/api/http-app.ts";
import { Listener } from "../../src/api/listener.ts";
import type { ListenAddress } from "../../src/config.ts";
import { freePort, rawConnection, until } from "./support.ts";

const log = pino({ level: "silent" });
const unix = (path: string): ListenAddress => ({ proto: "unix", path, addr: path });
const tcp = (port: number): ListenAddress => ({
  proto: "tcp",
  host: "127.0.0.1",
  port,
  addr: `127.0.0.1:${port}`,
});
const answering = (text: string): HttpApp => ({
  handle: (_req, res) => void res.end(text),
  wantsConnection: () => false,
});

function ask(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const req = httpRequest({ socketPath, path: "/", agent: false }, (res) => {
      let text = "";
      res.on("data", (chunk: Buffer) => (text += chunk.toString()));
      res.on("end", () => resolve(text));
    });
    req.on("error", reject).end();
  });
}

describe("api/listener", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "swarm-listener-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("makes a unix socket for its owner alone, and takes it along when it goes", async () => {
    const path = join(folder, "a.sock");
    await writeFile(join(folder, "before"), "");
    const listener = await Listener.open(unix(path), answering("a"), log);
    await writeFile(join(folder, "after"), "");
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    expect((await stat(join(folder, "after"))).mode).to.equal((await stat(join(folder, "before"))).mode);
    expect(await ask(path)).to.equal("a");
    await listener[Symbol.asyncDispose]();
    expect(await stat(path).catch((error: unknown) => (error as NodeJS.ErrnoException).code)).to.equal(
      "ENOENT",
    );
  });

  it("replaces what a crash has left", async () => {
    const path = join(folder, "a.sock");
    await writeFile(path, "");
    const listener = await Listener.open(unix(path), answering("a"), log);
    expect(await ask(path)).to.equal("a");
    await listener[Symbol.asyncDispose]();
  });

  it("leaves the socket of its successor alone while its own last requests end", async () => {
    const path = join(folder, "a.sock");
    let finish: (() => void) | undefined;
    const slow: HttpApp = {
      handle: (_req, res) => (finish = () => res.end("old")),
      wantsConnection: () => false,
    };
    const old = await Listener.open(unix(path), slow, log);
    const last = ask(path);
    await until(() => finish !== undefined);
    const gone = old[Symbol.asyncDispose]();
    const next = await Listener.open(unix(path), answering("new"), log);
    finish?.();
    expect(await last).to.equal("old");
    await gone;
    expect(await ask(path)).to.equal("new");
    await next[Symbol.asyncDispose]();
  });

  it("closes at once when nothing is going on, whatever clients keep in reserve", async () => {
    const port = await freePort();
    const listener = await Listener.open(tcp(port), answering("a"), log);
    const [fresh, used] = [await rawConnection(port), await rawConnection(port)];
    used.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await used.sees("a");
    let cut = false;
    const closed = listener[Symbol.asyncDispose]().then(() => (cut = true));
    await Promise.all([fresh.closed, used.closed, closed]);
    expect(cut).to.equal(true);
    fresh.socket.destroy();
    used.socket.destroy();
  });

  it("lets a request finish that has begun, and its connection go with it", async () => {
    const port = await freePort();
    let finish: (() => void) | undefined;
    const app: HttpApp = {
      handle: (_req, res) => (finish = () => res.end("late")),
      wantsConnection: () => false,
    };
    const listener = await Listener.open(tcp(port), app, log);
    const client = await rawConnection(port);
    client.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => finish !== undefined);
    const closed = listener[Symbol.asyncDispose]();
    const refused = await new Promise((resolve) => {
      const late = connect(port, "127.0.0.1", () => resolve("connected"));
      late.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    expect(refused).to.equal("ECONNREFUSED");
    finish?.();
    await client.sees("late");
    await closed;
    client.socket.destroy();
  });

  it("says in Docker's words that a port is taken", async () => {
    const port = await freePort();
    const listener = await Listener.open(tcp(port), answering("a"), log);
    const failure = await Listener.open(tcp(port), answering("b"), log).catch((error: unknown) => error);
    expect(failure).to.be.an("error");
    expect((failure as Error).message).to.equal(`listen tcp 127.0.0.1:${port}: bind: address already in use`);
    await listener[Symbol.asyncDispose]();
  });

  it("names a folder that is not there", async () => {
    const path = join(folder, "no", "a.sock");
    const failure = await Listener.open(unix(path), answering("a"), log).catch((error: unknown) => error);
    expect((failure as Error).message).to.include(`listen unix ${path}: `);
  });
});
