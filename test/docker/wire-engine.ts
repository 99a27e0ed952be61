import { once } from "node:events";
import { Agent } from "node:http";
import {
  connect,
  createServer,
  type AddressInfo,
  type NetConnectOpts,
  type Server,
  type Socket,
} from "node:net";
import { expect } from "chai";
import type { WholeAnswer } from "../../src/docker/answer-parser.ts";
import { CallScope } from "../../src/docker/call-scope.ts";
import { EngineWire } from "../../src/docker/engine-wire.ts";
import type { IdleBudget } from "../../src/docker/idle-budget.ts";

/** A whole answer. */
export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

/** Knows what was opened, and how often something was written. */
class CountingAgent extends Agent {
  readonly opened: Socket[] = [];
  writes = 0;
  /** What becomes of a connection before it is used. */
  onOpen: (socket: Socket) => void = () => undefined;

  override createConnection(options: object): Socket {
    const socket = connect(options as NetConnectOpts);
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
    socket.write = (...args: unknown[]) => (this.writes++, write(...args));
    this.opened.push(socket);
    this.onOpen(socket);
    return socket;
  }
}

/** A wire, and an engine at its other end that does as the test says. */
export class WireEngine implements AsyncDisposable {
  readonly agent = new CountingAgent();
  readonly server: Server;
  /** Of the engine's side, in the order in which they were opened. */
  readonly accepted: Socket[] = [];
  /** First lines, each with the number of its connection. */
  readonly asked: string[] = [];
  wire: EngineWire;
  /** What the engine does with a request. */
  answer: (socket: Socket, line: string) => void = (socket) => void socket.write(OK);

  private constructor(server: Server) {
    this.server = server;
    server.on("connection", (socket) => {
      const number = this.accepted.push(socket.on("error", () => undefined));
      socket.on("data", (bytes: Buffer) => {
        const [line = ""] = bytes.toString("latin1").split(" HTTP/1.1\r\n", 1);
        this.asked.push(`${number} ${line}`);
        this.answer(socket, line);
      });
    });
    this.wire = this.newWire(10_000);
  }

  static async start(): Promise<WireEngine> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new WireEngine(server);
  }

  newWire(idleMs: number, budget?: IdleBudget): EngineWire {
    const { port } = this.server.address() as AddressInfo;
    return new EngineWire({ host: "127.0.0.1", port, agent: this.agent, idleMs, budget });
  }

  /** @param line method and path */
  send(line: string, options: { mayStill?: () => void; scope?: CallScope } = {}): Promise<WholeAnswer> {
    const { mayStill, scope = new CallScope(0, {}) } = options;
    const [method = ""] = line.split(" ");
    const message = `${line} HTTP/1.1\r\nHost: engine\r\n\r\n`;
    return this.wire.send({ method, message, maxAnswerBytes: 1_000, mayStill }, scope);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.wire.cut();
    for (const socket of this.accepted) socket.destroy();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, "close");
  }
}

/** How it failed. */
export const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail("it worked"),
    (error: unknown) => error,
  );
