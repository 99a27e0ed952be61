import { once } from "node:events";
import { Connection } from "../client/connection.ts";
import { openHijacked, upgradeText, type Hijacked } from "../client/hijacked.ts";
import { Latencies } from "../client/latencies.ts";
import { requestText } from "../client/request-text.ts";
import { expectThat, type Figure } from "../harness/figures.ts";
import { scaled } from "../harness/options.ts";
import { withStand, type Stand } from "../harness/stand.ts";
import { addrOf, runContainer } from "./bench-container.ts";
import type { Section } from "./types.ts";

const ECHO_BYTES = 64;
const ATTACH = "stream=1&stdin=1&stdout=1&stderr=1";

/** `docker attach` and `docker exec`. */
export const hijackSection: Section = {
  name: "hijack",
  about: "opening an attach, echo of 64 bytes through it, exec",
  run: (options, findings) =>
    withStand(options, {}, async (stand) => {
      const { manager, fleet } = stand;
      const id = await runContainer(manager.addr, { name: "bench-cat", command: ["cat"], interactive: true });
      const direct = await addrOf(fleet, id);
      const both = async (
        what: string,
        target: number,
        measure: (addr: string) => Promise<Latencies>,
      ): Promise<readonly Figure[]> => {
        await measure(manager.addr);
        const through = await measure(manager.addr);
        const past = await measure(direct);
        return [
          {
            ...{ what: `${what}, p50`, value: through.p50, unit: "ms", better: "lower", target },
            direct: past.p50,
          },
          { what: `${what}, p99`, value: through.p99, unit: "ms", better: "lower", direct: past.p99 },
        ];
      };
      await findings.step("open", () => both("attach: open", 1, (addr) => measureOpen(stand, addr, id)));
      await findings.step("echo", () => both("attach: echo", 0.06, (addr) => measureEcho(stand, addr, id)));
      await findings.step("exec", () => both("exec", 2, (addr) => measureExec(stand, addr, id)));
      await fleet.ask.removeLabelled("bench");
    }),
};

const attach = (addr: string, id: string): Promise<Hijacked> =>
  openHijacked(addr, upgradeText(`/containers/${id}/attach?${ATTACH}`));

async function measureOpen({ options }: Stand, addr: string, id: string): Promise<Latencies> {
  const latencies = new Latencies();
  for (let opened = scaled(300, options, 5); opened > 0; opened--) {
    const begin = performance.now();
    const { socket } = await attach(addr, id);
    latencies.add(performance.now() - begin);
    socket.destroy();
  }
  return latencies;
}

async function measureEcho({ options }: Stand, addr: string, id: string): Promise<Latencies> {
  const latencies = new Latencies();
  const { socket, early } = await attach(addr, id);
  expectThat(early.length === 0, `${early.length} bytes before anything was said`);
  try {
    for (let left = scaled(3_000, options, 20); left > 0; left--) {
      const said = Buffer.alloc(ECHO_BYTES, String(left).padStart(6, "0"));
      const begin = performance.now();
      socket.write(said);
      let heard: Buffer = Buffer.alloc(0);
      while (heard.length < ECHO_BYTES) {
        const [piece] = (await once(socket, "data")) as [Buffer];
        heard = heard.length === 0 ? piece : Buffer.concat([heard, piece]);
      }
      latencies.add(performance.now() - begin);
      expectThat(heard.equals(said), `said ${said.toString()}, heard ${heard.toString()}`);
    }
  } finally {
    socket.destroy();
  }
  return latencies;
}

/** Create, start with its output attached, and the end of that. */
async function measureExec({ options }: Stand, addr: string, id: string): Promise<Latencies> {
  const latencies = new Latencies();
  const connection = await Connection.open(addr);
  const create = requestText("POST", `/containers/${id}/exec`, {
    ...{ Cmd: ["echo", "done"], AttachStdout: true, AttachStderr: true, Tty: true },
  });
  try {
    for (let left = scaled(300, options, 5); left > 0; left--) {
      const begin = performance.now();
      const { status, body } = await connection.send(create, true);
      expectThat(status === 201, `exec: ${status} ${body.toString()}`);
      const { Id } = JSON.parse(body.toString()) as { Id: string };
      const output = await outputOf(
        await openHijacked(addr, upgradeText(`/exec/${Id}/start`, { Tty: true })),
      );
      latencies.add(performance.now() - begin);
      expectThat(output.trim() === "done", `exec said ${JSON.stringify(output)}`);
    }
  } finally {
    connection.close();
  }
  return latencies;
}

async function outputOf({ socket, early }: Hijacked): Promise<string> {
  let text = early.toString();
  socket.on("data", (piece: Buffer) => (text += piece.toString()));
  await once(socket, "end");
  socket.destroy();
  return text;
}
