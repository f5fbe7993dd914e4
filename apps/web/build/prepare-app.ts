import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";
import { HoldfastError } from "@holdfast/core/errors";
import { appIndexName } from "./app-index.ts";
import { builtFolders, distOf, removeUnfinished } from "./built-folders.ts";
import { sourceKey } from "./source-key.ts";

export interface Preparing {
  /** Called before a build, which takes seconds. */
  readonly building: () => void;
  readonly signal: AbortSignal;
  /** Default: apps/web. */
  readonly root?: string;
}

/**
 * Finds the built app, and builds it first if it is missing or the sources have changed. An installed Holdfast has a
 * build and no sources.
 * @returns folders of the app and of earlier builds, newest first; their pages may still be open
 * @throws HoldfastError failed, with the build's output
 */
export async function prepareApp({ building, signal, root = webRoot }: Preparing): Promise<readonly string[]> {
  await removeUnfinished(root);
  const shipped = await builtFolders(root);
  if (!existsSync(join(root, "index.html"))) {
    if (shipped.length > 0) return shipped;
    throw new HoldfastError("failed", `The web app is not there: ${root} has neither its sources nor a build.`);
  }
  const current = join(distOf(root), sourceKey(root));
  const isBuilt = existsSync(join(current, appIndexName));
  if (!isBuilt) building();
  const folder = isBuilt ? current : await build(root, signal);
  const others = (await builtFolders(root)).filter((other) => other !== folder);
  return [folder, ...others];
}

const webRoot = resolve(import.meta.dirname, "..");

/** A child process, so that its memory is freed afterwards and the server stays responsive. */
async function build(root: string, signal: AbortSignal): Promise<string> {
  const child = spawn(process.execPath, [join(root, "build/build-app.ts"), "--while-asked"], {
    cwd: root,
    // Excludes the server's secrets.
    env: pick(process.env, ["PATH", "HOME", "TMPDIR"]),
    stdio: "pipe",
    signal,
    killSignal: "SIGKILL",
  });
  const ended = new Promise<string>((settle) => {
    child.once("error", (error) => settle(error.message));
    child.once("close", (code, killedBy) => settle(code === 0 ? "" : `It ended with ${code ?? killedBy}.`));
  });
  const [failure, folder, said] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (failure === "") return folder.trim();
  throw new HoldfastError("failed", `The web app cannot be built. ${failure} ${inPlainText(said)}`);
}

/** The message is at the beginning, above a stack trace of the build's own sources. */
function inPlainText(said: string): string {
  return stripVTControlCharacters(said).trim().slice(0, saidCharactersMax);
}

const saidCharactersMax = 2000;

function pick(environment: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.map((name) => [name, environment[name]]));
}
