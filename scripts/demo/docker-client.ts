import { dockerEnvironment } from "../../test/lab/docker-cli.ts";
import { run } from "../../test/lab/command.ts";
import { findTool } from "../../test/lab/system.ts";
import type { DockerClient, Outcome } from "./types.ts";

/** The docker CLI, or what stands in for it on a machine without one. */
export function dockerClient(host: string): DockerClient {
  if (findTool("docker") === undefined) return new HttpClient(host);
  const env = dockerEnvironment();
  return { run: (args) => run("docker", ["-H", host, ...args], { env, timeoutMs: 60_000 }) };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The few commands of the tour in plain HTTP: `info`, `ps [-a]`, `run`, `inspect`, `rm -f`. */
class HttpClient implements DockerClient {
  readonly note = "the docker CLI is not installed: the demo speaks HTTP to the manager in its place";
  readonly #url: string;

  constructor(host: string) {
    this.#url = host.replace("tcp:", "http:");
  }

  async run([command = "", ...args]: readonly string[]): Promise<Outcome> {
    switch (command) {
      case "info":
        return this.#info();
      case "ps":
        return this.#list(args.includes("-a"));
      case "run":
        return this.#run(args);
      case "inspect":
        return outcome(await this.#call("GET", `/containers/${args.at(-1) ?? ""}/json`));
      case "rm":
        return outcome(await this.#call("DELETE", `/containers/${args.at(-1) ?? ""}?force=1`));
      default:
        return { code: 1, stdout: "", stderr: `not available without the docker CLI: ${command}\n` };
    }
  }

  async #call(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
    });
    return { status: response.status, text: await response.text() };
  }

  async #info(): Promise<Outcome> {
    const answer = await this.#call("GET", "/info");
    const info = JSON.parse(answer.text) as { Containers: number; SystemStatus: [string, string][] | null };
    const rows = (info.SystemStatus ?? []).map(([key, value]) => ` ${key}: ${value}\n`).join("");
    return { ...outcome(answer), stdout: `Containers: ${info.Containers}\n${rows}` };
  }

  async #list(all: boolean): Promise<Outcome> {
    const answer = await this.#call("GET", `/containers/json${all ? "?all=1" : ""}`);
    const list = JSON.parse(answer.text) as { Id: string; Names: string[]; Status: string }[];
    const lines = list.map(
      ({ Id, Names, Status }) => `${Id.slice(0, 12)}  ${Status}  ${(Names[0] ?? "").slice(1)}\n`,
    );
    return { ...outcome(answer), stdout: `CONTAINER ID  STATUS  NAMES\n${lines.join("")}` };
  }

  async #run(args: readonly string[]): Promise<Outcome> {
    const { detached, name, body } = parseRun(args);
    const created = await this.#call("POST", `/containers/create${name === "" ? "" : `?name=${name}`}`, body);
    if (created.status !== 201) return { ...outcome(created), code: 125 };
    const { Id } = JSON.parse(created.text) as { Id: string };
    const started = await this.#call("POST", `/containers/${Id}/start`);
    if (started.status !== 204) return { ...outcome(started), code: 125 };
    if (detached) return { code: 0, stdout: `${Id}\n`, stderr: "" };
    const waited = await this.#call("POST", `/containers/${Id}/wait`);
    const logs = await this.#call("GET", `/containers/${Id}/logs?stdout=1&stderr=1`);
    await this.#call("DELETE", `/containers/${Id}?force=1`);
    const { StatusCode } = JSON.parse(waited.text) as { StatusCode: number };
    return { code: StatusCode, stdout: unframe(logs.text), stderr: "" };
  }
}

/** Takes the eight-byte frame headers out of a log; good enough for the demo's ASCII output. */
function unframe(text: string): string {
  const bytes = Buffer.from(text, "latin1");
  const parts: string[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const end = at + 8 + bytes.readUInt32BE(at + 4);
    parts.push(bytes.toString("latin1", at + 8, end));
    at = end;
  }
  return parts.join("");
}

function outcome({ status, text }: Answer): Outcome {
  return status < 400
    ? { code: 0, stdout: text, stderr: "" }
    : { code: 1, stdout: "", stderr: `${messageIn(text)}\n` };
}

function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text.trim();
  }
}

function parseRun(args: readonly string[]): { detached: boolean; name: string; body: object } {
  const rest = [...args];
  const env: string[] = [];
  const bindings: Record<string, { HostPort: string }[]> = {};
  let detached = false;
  let name = "";
  while (rest[0]?.startsWith("-") === true) {
    const flag = rest.shift();
    if (flag === "-d") detached = true;
    else if (flag === "--name") name = rest.shift() ?? "";
    else if (flag === "-e") env.push(rest.shift() ?? "");
    else if (flag === "-p") {
      const [host = "", inside = ""] = (rest.shift() ?? "").split(":");
      bindings[`${inside}/tcp`] = [{ HostPort: host }];
    }
  }
  const [Image, ...Cmd] = rest;
  const ExposedPorts = Object.fromEntries(Object.keys(bindings).map((port) => [port, {}]));
  return {
    detached,
    name,
    body: { Image, Cmd, Env: env, ExposedPorts, HostConfig: { PortBindings: bindings } },
  };
}
