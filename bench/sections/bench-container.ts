import { Connection } from "../client/connection.ts";
import { requestText } from "../client/request-text.ts";
import { expectThat } from "../harness/figures.ts";
import { BENCH_LABEL } from "./rules.ts";

/** What a section's own container is like beyond the defaults. */
export interface ContainerPlan {
  readonly name: string;
  /** Default: sleeps. */
  readonly command?: readonly string[];
  readonly env?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** A terminal, and standard input that stays open. */
  readonly interactive?: boolean;
}

/** Creates a container through the manager and starts it. @returns its ID */
export async function runContainer(addr: string, plan: ContainerPlan): Promise<string> {
  const interactive = plan.interactive ?? false;
  const body = {
    Image: "busybox",
    Cmd: plan.command ?? ["sleep", "infinity"],
    Env: plan.env ?? [],
    Labels: { [BENCH_LABEL]: "1", ...plan.labels },
    Tty: interactive,
    OpenStdin: interactive,
  };
  const connection = await Connection.open(addr);
  try {
    const path = `/containers/create?name=${plan.name}`;
    const created = await connection.send(requestText("POST", path, body), true);
    expectThat(created.status === 201, `create: ${created.status} ${created.body.toString()}`);
    const { Id } = JSON.parse(created.body.toString()) as { Id: string };
    const started = await connection.send(requestText("POST", `/containers/${Id}/start`), true);
    expectThat(started.status === 204, `start: ${started.status} ${started.body.toString()}`);
    return Id;
  } finally {
    connection.close();
  }
}

/** The engine that has a container. @throws WrongAnswerError when none has */
export async function addrOf(
  fleet: {
    readonly engines: readonly { readonly addr: string }[];
    readonly ask: { containers(): Promise<readonly { readonly id: string; readonly engine: number }[]> };
  },
  id: string,
): Promise<string> {
  const found = (await fleet.ask.containers()).find((container) => container.id === id);
  const engine = found && fleet.engines[found.engine];
  expectThat(engine !== undefined, `no engine has container ${id}`);
  return engine.addr;
}
