import { AttachedClient, frame, pumpStdin, streamType } from "./attach.ts";
import { bulkLogBytes, sendBulk } from "./bulk.ts";
import { parseTimestamp, rfc3339 } from "./clock.ts";
import { statsView } from "./container-view.ts";
import { EngineRefusal, type Exchange } from "./exchange.ts";
import { logOf } from "./lifecycle.ts";
import type { LogEntry } from "./log-buffer.ts";
import { StdinQueue } from "./process.ts";
import type { Route } from "./router.ts";
import type { SimContainer } from "./types.ts";

const isTty = ({ config }: SimContainer): boolean => config.Tty === true;

async function attach(exchange: Exchange): Promise<void> {
  const { state } = exchange;
  const container = state.container(exchange.param("id"));
  if (container.status === "paused") {
    throw new EngineRefusal(409, `Container ${container.id} is paused. Unpause the container before attach.`);
  }
  // Some clients send their options as a body too: it is not the beginning of stdin.
  await exchange.body();
  const tty = isTty(container);
  const connection = exchange.hijack(streamType(tty, exchange.apiMinor));
  const client = new AttachedClient(connection, {
    tty,
    stdout: exchange.flag("stdout"),
    stderr: exchange.flag("stderr"),
  });
  state.containerEvent(container, "attach");
  if (exchange.flag("logs"))
    for (const { stream, line } of container.log?.entries ?? []) void client.write(stream, line);
  if (!exchange.flag("stream") || container.status === "exited") {
    client.end();
    return;
  }
  container.clients ??= new Set();
  container.clients.add(client);
  client.onClose(() => container.clients?.delete(client));
  if (!("resume" in connection)) return;
  if (exchange.flag("stdin") && container.config.OpenStdin === true) {
    const stdin = (container.stdin ??= new StdinQueue());
    pumpStdin(connection, stdin, () => {
      if (container.config.StdinOnce === true) stdin.end();
    });
  } else {
    connection.resume();
  }
}

function logs(exchange: Exchange): void {
  const { state, query } = exchange;
  const stdout = exchange.flag("stdout");
  const stderr = exchange.flag("stderr");
  if (!stdout && !stderr) throw new EngineRefusal(400, "Bad parameters: you must choose at least one stream");
  const container = state.container(exchange.param("id"));
  const bulk = bulkLogBytes(container);
  if (bulk !== undefined) {
    sendBulk(exchange, bulk);
    return;
  }
  const tty = isTty(container);
  const since = boundaryMs(query.get("since")) ?? -Infinity;
  const until = boundaryMs(query.get("until")) ?? Infinity;
  const wanted = ({ stream, timeMs }: LogEntry): boolean =>
    (stream === 1 || tty ? stdout : stderr) && timeMs >= since && timeMs <= until;
  const past = (container.log?.entries ?? []).filter(wanted);
  const tail = Number(query.get("tail") ?? "all");
  const follow =
    exchange.flag("follow") && (container.status === "running" || container.status === "created");
  const res = exchange.stream(streamType(tty, exchange.apiMinor));
  const send = ({ stream, line, timeMs }: LogEntry): void => {
    const text = exchange.flag("timestamps")
      ? Buffer.concat([Buffer.from(`${rfc3339(timeMs)} `), line])
      : line;
    res.write(tty ? text : frame(stream, text));
  };
  for (const entry of Number.isNaN(tail) || tail < 0 ? past : tail === 0 ? [] : past.slice(-tail))
    send(entry);
  if (!follow) {
    res.end();
    return;
  }
  const { followers } = logOf(container);
  const follower = (entry: LogEntry | undefined): void => {
    if (!entry) res.end();
    else if (wanted(entry)) send(entry);
  };
  followers.add(follower);
  exchange.onClose(() => followers.delete(follower));
}

function boundaryMs(text: string | null): number | undefined {
  const nanos = text === null || text === "" || text === "0" ? undefined : parseTimestamp(text);
  return nanos === undefined ? undefined : Number(nanos / 1_000_000n);
}

/** Headers leave at once: the docker CLI starts the container only when it has them. */
function wait(exchange: Exchange): void {
  const container = exchange.state.container(exchange.param("id"));
  const asked = exchange.query.get("condition") ?? "";
  const condition = asked === "" ? "not-running" : asked;
  if (!["not-running", "next-exit", "removed"].includes(condition)) {
    throw new EngineRefusal(400, `invalid condition: "${condition}"`);
  }
  const res = exchange.stream("application/json");
  const answer = (): void => {
    container.watchers?.delete(watcher);
    res.end(`{"StatusCode":${container.exitCode}}\n`);
  };
  const watcher = (what: "exit" | "removed"): void => {
    if (condition !== "removed" || what === "removed") answer();
  };
  if (condition === "not-running" && container.status !== "running" && container.status !== "paused") {
    answer();
    return;
  }
  container.watchers ??= new Set();
  container.watchers.add(watcher);
  exchange.onClose(() => container.watchers?.delete(watcher));
}

function stats(exchange: Exchange): void {
  const { state, query } = exchange;
  const container = state.container(exchange.param("id"));
  const sample = (): string => `${JSON.stringify(statsView(state, container))}\n`;
  if (query.has("stream") && !exchange.flag("stream")) {
    exchange.json(200, statsView(state, container));
    return;
  }
  const res = exchange.stream("application/json");
  const timer = setInterval(() => res.write(sample()), 1000);
  res.write(sample());
  const onEnd = (): void => void res.end();
  container.watchers ??= new Set();
  container.watchers.add(onEnd);
  exchange.onClose(() => {
    clearInterval(timer);
    container.watchers?.delete(onEnd);
  });
}

// prettier-ignore
export const streamRoutes: readonly Route[] = [
  { method: "post", path: "/containers/:id/attach", handle: attach },
  { method: "get",  path: "/containers/:id/logs",   handle: logs },
  { method: "post", path: "/containers/:id/wait",   handle: wait },
  { method: "get",  path: "/containers/:id/stats",  handle: stats },
];
