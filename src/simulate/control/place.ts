import { lstatSync, mkdirSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** Where the simulations of this user take orders: a folder only they may enter, with one socket for each. */
export const controlFolder = (env: NodeJS.ProcessEnv): string => {
  const runtime = env.XDG_RUNTIME_DIR ?? "";
  return path.join(
    path.isAbsolute(runtime) ? runtime : tmpdir(),
    `swarm-simulate-${process.getuid?.() ?? 0}`,
  );
};

/** @throws {Error} when the folder is not this user's alone */
export function openControlFolder(env: NodeJS.ProcessEnv): string {
  const folder = controlFolder(env);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { mode, uid } = lstatSync(folder);
  const isOurs = (mode & 0o170_077) === 0o040_000 && uid === (process.getuid?.() ?? uid);
  if (!isOurs) throw new Error(`${folder} is not a private folder of this user`);
  return folder;
}

/** The sockets of simulations that run, and of those that were killed. */
export function controlSockets(env: NodeJS.ProcessEnv): readonly string[] {
  const folder = controlFolder(env);
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(".sock"));
    return names.sort().map((name) => path.join(folder, name));
  } catch {
    return [];
  }
}
