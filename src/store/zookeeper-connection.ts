import { connect as connectPlain } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls, rootCertificates } from "node:tls";
import { splitEndpoint } from "./connection.ts";
import type { StoreTls } from "./connection.ts";
import { connectionError, StoreError } from "./store-error.ts";
import type { StoreErrorKind } from "./store-error.ts";
import { FrameSplitter, opcode, WireReader, WireWriter, xid, zkError } from "./zookeeper-wire.ts";

/** No answer is longer: the server's own limit is 1 MiB for data; lists of children may be a few times that. */
const maxFrameBytes = 16 * 1024 * 1024;

/** What a session is resumed by on another connection. */
export interface SessionTicket {
  readonly id: bigint;
  readonly password: Buffer;
  readonly timeoutMs: number;
}

/** A refusal by ZooKeeper's own number. */
export class ZooKeeperRefusal extends StoreError {
  readonly code: number;

  constructor(name: string, code: number) {
    const known = Object.entries(zkError).find(([, number]) => number === code)?.[0] ?? "error";
    super(kindOf(code), `${name}: ${known} (${code})`);
    this.code = code;
  }
}

function kindOf(code: number): StoreErrorKind {
  if (code === zkError.noAuth || code === zkError.authFailed) return "auth";
  const gone: readonly number[] = [zkError.connectionLoss, zkError.timeout, zkError.sessionExpired];
  return gone.includes(code) ? "unreachable" : "failed";
}

/** How to open one. */
export interface ZooKeeperConnectionOptions {
  readonly name: string;
  readonly endpoint: string;
  readonly tls: StoreTls | undefined;
  readonly login: { readonly user: string; readonly password: string } | undefined;
  /** The session to resume, or how long a new one shall live. */
  readonly session: SessionTicket | { readonly timeoutMs: number };
  readonly connectTimeoutMs: number;
  /** Ends the attempt to connect; a connection that is made is ended by {@link ZooKeeperConnection.end}. */
  readonly signal: AbortSignal;
  /** A node that was watched has changed, once per watch. */
  readonly onChange: (path: string) => void;
}

interface Pending {
  readonly number: number;
  readonly resolve: (reader: WireReader) => void;
  readonly reject: (error: Error) => void;
}

/** One connection to one server of ZooKeeper. It pings; when an answer stays out it ends, and everything with it. */
export class ZooKeeperConnection {
  readonly session: SessionTicket;
  /** Resolves when the connection has ended, with the reason. */
  readonly ended: Promise<Error>;
  readonly #name: string;
  readonly #socket: Socket;
  readonly #pending: Pending[] = [];
  readonly #onChange: (path: string) => void;
  #lastXid = 0;
  #heardAt = performance.now();
  #error: Error | undefined;

  private constructor(
    options: ZooKeeperConnectionOptions,
    socket: Socket,
    frames: FrameSplitter,
    session: SessionTicket,
  ) {
    this.#name = options.name;
    this.#onChange = options.onChange;
    this.#socket = socket;
    this.session = session;
    this.ended = new Promise((resolve) => {
      socket.removeAllListeners();
      socket.on("error", (error) => (this.#error ??= connectionError(options.name, error)));
      socket.on("close", () => {
        clearInterval(pings);
        this.#error ??= new StoreError("unreachable", `${options.name}: the connection ended`);
        for (const { reject } of this.#pending.splice(0)) reject(this.#error);
        resolve(this.#error);
      });
      socket.on("data", (chunk: Buffer) => {
        this.#guard(() => frames.push(chunk).forEach((frame) => this.#receive(frame)));
      });
      const pings = setInterval(() => this.#ping(), Math.max(50, session.timeoutMs / 10));
    });
    if (options.login) {
      const { user, password } = options.login;
      const packet = new WireWriter().int(xid.auth).int(opcode.auth).int(0).text("digest");
      socket.write(packet.text(`${user}:${password}`).frame());
    }
  }

  /**
   * Connects and takes up the session.
   * @throws {ZooKeeperRefusal} `sessionExpired` when there is no such session any more; {@link StoreError} else.
   */
  static async open(options: ZooKeeperConnectionOptions): Promise<ZooKeeperConnection> {
    const { name, endpoint, tls, session, connectTimeoutMs, signal } = options;
    const { host, port } = splitEndpoint(endpoint);
    const socket = tls
      ? connectTls({ host, port, ...tls, ca: [...rootCertificates, tls.ca], minVersion: "TLSv1.2" })
      : connectPlain({ host, port, noDelay: true });
    const timer = setTimeout(
      () => socket.destroy(new StoreError("unreachable", `${endpoint} did not answer`)),
      connectTimeoutMs,
    );
    const onAbort = () => socket.destroy(new StoreError("closed", `${name} was closed`));
    signal.addEventListener("abort", onAbort);
    const frames = new FrameSplitter(maxFrameBytes);
    try {
      const first = await new Promise<Buffer>((resolve, reject) => {
        socket.on("error", reject);
        socket.on("close", () => reject(new Error("the connection ended")));
        socket.on("data", (chunk: Buffer) => {
          try {
            const [frame] = frames.push(chunk);
            if (frame !== undefined) resolve(frame);
          } catch (error) {
            reject(connectionError(name, error));
          }
        });
        const known = "id" in session;
        const hello = new WireWriter().int(0).long(0n).int(session.timeoutMs);
        hello.long(known ? session.id : 0n).bytes(known ? session.password : Buffer.alloc(16));
        socket.write(hello.bool(false).frame());
      });
      const answer = new WireReader(first);
      answer.int(); // protocol
      const timeoutMs = answer.int();
      const [id, password] = [answer.long(), Buffer.from(answer.buffer())];
      if (timeoutMs <= 0) throw new ZooKeeperRefusal(name, zkError.sessionExpired);
      return new ZooKeeperConnection(options, socket, frames, { id, password, timeoutMs });
    } catch (error) {
      socket.destroy();
      throw error instanceof StoreError ? error : connectionError(name, error);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Sends a request and gives the answer's body. @throws {ZooKeeperRefusal | StoreError} */
  async request(operation: number, body: Buffer = Buffer.alloc(0)): Promise<WireReader> {
    if (this.#error !== undefined) throw this.#error;
    const number = (this.#lastXid = (this.#lastXid % 0x7fffffff) + 1);
    return await new Promise((resolve, reject) => {
      this.#pending.push({ number, resolve, reject });
      this.#socket.write(new WireWriter().int(number).int(operation).raw(body).frame());
    });
  }

  /** Ends it. The session lives on until it times out, unless it was closed. */
  end(error?: Error): void {
    if (error !== undefined) this.#error ??= error;
    this.#socket.destroy();
  }

  #ping(): void {
    const silentMs = performance.now() - this.#heardAt;
    // A third leaves time to take the session, and the locks that hang on it, to another server.
    if (silentMs > this.session.timeoutMs / 3) {
      this.end(new StoreError("unreachable", `${this.#name}: no answer for ${Math.round(silentMs)} ms`));
    } else {
      this.#socket.write(new WireWriter().int(xid.ping).int(opcode.ping).frame());
    }
  }

  #receive(frame: Buffer): void {
    this.#heardAt = performance.now();
    const reader = new WireReader(frame);
    const number = reader.int();
    reader.long(); // transaction
    const error = reader.int();
    if (number === xid.ping) return;
    if (number === xid.auth) {
      if (error !== 0) this.end(new ZooKeeperRefusal(this.#name, zkError.authFailed));
      return;
    }
    if (number === xid.notification) {
      reader.int(); // kind
      reader.int(); // state
      this.#onChange(reader.text());
      return;
    }
    const pending = this.#pending.shift();
    if (pending?.number !== number) throw new RangeError("an answer of ZooKeeper is out of order");
    if (error === 0) pending.resolve(reader);
    else pending.reject(new ZooKeeperRefusal(this.#name, error));
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.end(connectionError(this.#name, error));
    }
  }
}
