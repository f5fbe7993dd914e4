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
  /** Told when there is something to build, which takes seconds. */
  readonly building: () => void;
  /** Ends a build that is under way. */
  readonly signal: AbortSignal;
  /** Of apps/web, unless told otherwise. */
  readonly root?: string;
}

/**
 * Finds the built app, and builds it first where it is missing or its sources have changed. An installed Holdfast comes
 * without the sources, and with a build.
 * @returns the folders of the app and of the builds before it, whose pages may still be open, the newest first
 * @throws HoldfastError failed, with what the build said
 */
export async function prepareApp({ building, signal, root = webRoot }: Preparing): Promise<readonly string[]> {
  await removeUnfinished(root);
  const shipped = await builtFolders(root);
  if (!existsSync(join(root, "index.html"))) {
    if (shipped.length > 0) return shipped;
    throw new HoldfastError("failed", `The web app is not there: ${root} has neither its sources nor a build.`);
  }
  const current = join(distOf(root), await sourceKey(root));
  const isBuilt = existsSync(join(current, appIndexName));
  if (!isBuilt) building();
  const folder = isBuilt ? current : await build(root, signal);
  const others = (await builtFolders(root)).filter((other) => other !== folder);
  return [folder, ...others];
}

const webRoot = resolve(import.meta.dirname, "..");

/** In a process of its own, so that its memory goes with it and the server answers meanwhile. */
async function build(root: string, signal: AbortSignal): Promise<string> {
  const child = spawn(process.execPath, [join(root, "build/build-app.ts"), "--while-asked"], {
    cwd: root,
    // Nothing of what the server was told, its secrets least.
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

/** What is wrong stands at the beginning, below it where in the build's own sources it was found. */
function inPlainText(said: string): string {
  return stripVTControlCharacters(said).trim().slice(0, saidCharactersMax);
}

const saidCharactersMax = 2000;

function pick(environment: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.map((name) => [name, environment[name]]));
}
