import { discardBulk, discardsArchives } from "./bulk.ts";
import { EngineRefusal, type Exchange } from "./exchange.ts";
import { cleanPath, isDirectory, listFiles, packTar, readContainerFile, unpackTar } from "./files.ts";
import type { Route } from "./router.ts";
import type { SimContainer } from "./types.ts";

const DIRECTORY_MODE = 0x80000000 + 0o755;

interface Found {
  readonly container: SimContainer;
  readonly path: string;
  /** Undefined for a directory. */
  readonly content: Buffer | undefined;
}

/** The file or directory `path` names, announced in the `X-Docker-Container-Path-Stat` header. */
function find(exchange: Exchange): Found {
  const { state } = exchange;
  const reference = exchange.param("id");
  const container = state.container(reference);
  const asked = exchange.query.get("path") ?? "";
  const path = cleanPath(asked);
  const content = readContainerFile(container, path);
  if (!content && !isDirectory(container, path)) {
    throw new EngineRefusal(404, `Could not find the file ${asked} in container ${reference}`);
  }
  const stat = {
    ...{
      name: path.split("/").at(-1) ?? "",
      size: content?.length ?? 4096,
      mode: content ? 0o644 : DIRECTORY_MODE,
    },
    ...{ mtime: new Date(container.createdMs).toISOString(), linkTarget: "" },
  };
  exchange.res.setHeader(
    "X-Docker-Container-Path-Stat",
    Buffer.from(JSON.stringify(stat)).toString("base64"),
  );
  return { container, path, content };
}

function head(exchange: Exchange): void {
  find(exchange);
  exchange.res.writeHead(200).end();
}

function get(exchange: Exchange): void {
  const { container, path, content } = find(exchange);
  exchange.state.containerEvent(container, "archive-path");
  const name = path.split("/").at(-1) ?? "";
  const below = listFiles(container, path).map(([file, data]) => [`${name}/${file}`, data] as const);
  sendTar(exchange, content ? [[name, content]] : [[`${name}/`, Buffer.alloc(0)], ...below]);
}

async function put(exchange: Exchange): Promise<void> {
  const { container, path, content } = find(exchange);
  if (content) throw new EngineRefusal(400, "extraction point is not a directory");
  if (discardsArchives(container)) {
    await discardBulk(exchange);
    exchange.empty(200);
    return;
  }
  const files = unpackTar(await exchange.body());
  container.files ??= new Map();
  for (const [name, data] of files) container.files.set(cleanPath(`${path}/${name}`), data);
  exchange.state.containerEvent(container, "extract-to-dir");
  exchange.empty(200);
}

function exportAll(exchange: Exchange): void {
  const container = exchange.state.container(exchange.param("id"));
  exchange.state.containerEvent(container, "export");
  sendTar(exchange, [
    ["etc/hostname", readContainerFile(container, "/etc/hostname") ?? Buffer.alloc(0)],
    ...listFiles(container, "/"),
  ]);
}

function sendTar(exchange: Exchange, files: readonly (readonly [string, Buffer])[]): void {
  exchange.stream("application/x-tar").end(packTar(files));
}

// prettier-ignore
export const archiveRoutes: readonly Route[] = [
  { method: "head", path: "/containers/:id/archive", handle: head },
  { method: "get",  path: "/containers/:id/archive", handle: get },
  { method: "put",  path: "/containers/:id/archive", handle: put },
  { method: "get",  path: "/containers/:id/export",  handle: exportAll },
];
