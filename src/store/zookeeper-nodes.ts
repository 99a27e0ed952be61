import type { Connection } from "./connection.ts";
import { ZooKeeperRefusal } from "./zookeeper-connection.ts";
import { ZooKeeperSession } from "./zookeeper-session.ts";
import { createMode, opcode, WireWriter, zkError } from "./zookeeper-wire.ts";
import type { Acl, Stat } from "./zookeeper-wire.ts";

/** A node's data and state. */
export interface ZooKeeperNode {
  readonly value: string;
  readonly stat: Stat;
}

/** Called before a node is read, when its next change is to be told. */
export type Arm = (path: string) => void;

const anyVersion = -1;

/** The operations on nodes that we use, in the words of this program. Paths begin with a slash. */
export class ZooKeeperNodes {
  readonly session: ZooKeeperSession;
  readonly #acl: readonly Acl[];

  constructor(connection: Connection, session: ZooKeeperSession) {
    this.session = session;
    // Whoever names a user wants the nodes for that user; without one they are everybody's, as the original's are.
    this.#acl = connection.login ? [{ scheme: "auth", id: "" }] : [{ scheme: "world", id: "anyone" }];
  }

  /** Makes the server we talk to as new as its leader. */
  async sync(path: string, signal: AbortSignal): Promise<void> {
    await this.session
      .request(opcode.sync, new WireWriter().text(path).body(), signal)
      .catch((error: unknown) => {
        if (!isRefusal(error, zkError.noNode)) throw error;
      });
  }

  async read(path: string, signal: AbortSignal, arm?: Arm): Promise<ZooKeeperNode | undefined> {
    arm?.(path);
    const body = new WireWriter()
      .text(path)
      .bool(arm !== undefined)
      .body();
    try {
      const answer = await this.session.request(opcode.getData, body, signal);
      return { value: answer.text(), stat: answer.stat() };
    } catch (error) {
      if (!isRefusal(error, zkError.noNode)) throw error;
    }
    if (arm !== undefined) await this.exists(path, signal, arm); // only this can watch for what is not there yet
    return undefined;
  }

  async exists(path: string, signal: AbortSignal, arm?: Arm): Promise<boolean> {
    arm?.(path);
    const body = new WireWriter()
      .text(path)
      .bool(arm !== undefined)
      .body();
    return await this.session.request(opcode.exists, body, signal).then(
      () => true,
      (error: unknown) => {
        if (isRefusal(error, zkError.noNode)) return false;
        throw error;
      },
    );
  }

  /** The names of a node's children; none when there is no such node. */
  async children(path: string, signal: AbortSignal, arm?: Arm): Promise<readonly string[]> {
    arm?.(path);
    const body = new WireWriter()
      .text(path)
      .bool(arm !== undefined)
      .body();
    try {
      return (await this.session.request(opcode.getChildren, body, signal)).texts();
    } catch (error) {
      if (!isRefusal(error, zkError.noNode)) throw error;
    }
    if (arm !== undefined) await this.exists(path, signal, arm);
    return [];
  }

  /** Creates a node, and the folders above it, and tells its name and state; `undefined`: there is one already. */
  async create(
    path: string,
    value: string,
    mode: number,
    signal: AbortSignal,
  ): Promise<{ readonly path: string; readonly stat: Stat } | undefined> {
    const body = this.#creation(path, value, mode).body();
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await this.session.request(opcode.createAndTell, body, signal);
        return { path: answer.text(), stat: answer.stat() };
      } catch (error) {
        if (isRefusal(error, zkError.nodeExists)) return undefined;
        if (!isRefusal(error, zkError.noNode) || attempt > 2) throw error;
        const parent = path.slice(0, path.lastIndexOf("/"));
        await this.create(parent, "", createMode.persistent, signal);
      }
    }
  }

  /** Writes a node that still has this version (-1: any); `undefined`: it has not, or is gone. */
  async write(path: string, value: string, version: number, signal: AbortSignal): Promise<Stat | undefined> {
    const body = new WireWriter().text(path).text(value).int(version).body();
    return await unlessChanged(async () => (await this.session.request(opcode.setData, body, signal)).stat());
  }

  /** Puts a node of another mode in the place of one that still has this version, in one step. */
  async replace(
    path: string,
    value: string,
    mode: number,
    version: number,
    signal: AbortSignal,
  ): Promise<Stat | undefined> {
    const body = new WireWriter();
    body.int(opcode.delete).bool(false).int(-1).text(path).int(version);
    body
      .int(opcode.create)
      .bool(false)
      .int(-1)
      .raw(this.#creation(path, "", mode).body());
    // In a transaction only this tells the node's state.
    body.int(opcode.setData).bool(false).int(-1).text(path).text(value).int(0);
    body.int(-1).bool(true).int(-1);
    return await unlessChanged(async () => {
      const answer = await this.session.request(opcode.multi, body.body(), signal);
      const failures: number[] = [];
      for (;;) {
        const kind = answer.int();
        const done = answer.bool();
        answer.int();
        if (done) break;
        if (kind === -1) failures.push(answer.int());
        else if (kind === opcode.create) answer.text();
        else if (kind === opcode.setData) return answer.stat();
      }
      // The steps that another one took down say 0 or -2; that one says why.
      throw new ZooKeeperRefusal(path, failures.find((code) => code < -2) ?? -1);
    });
  }

  /** Whether a node of this version (-1: any) was deleted; one with children is emptied instead. */
  async remove(path: string, signal: AbortSignal, version = anyVersion): Promise<boolean> {
    const body = new WireWriter().text(path).int(version).body();
    try {
      return (await unlessChanged(() => this.session.request(opcode.delete, body, signal))) !== undefined;
    } catch (error) {
      if (!isRefusal(error, zkError.notEmpty)) throw error;
      return (await this.write(path, "", version, signal)) !== undefined;
    }
  }

  #creation(path: string, value: string, mode: number): WireWriter {
    return new WireWriter().text(path).text(value).acl(this.#acl).int(mode);
  }
}

async function unlessChanged<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isRefusal(error, zkError.badVersion) || isRefusal(error, zkError.noNode)) return undefined;
    if (isRefusal(error, zkError.nodeExists)) return undefined;
    throw error;
  }
}

function isRefusal(error: unknown, code: number): boolean {
  return error instanceof ZooKeeperRefusal && error.code === code;
}
