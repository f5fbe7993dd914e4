import { execFile } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const root = resolve(import.meta.dirname, "../../..");

export interface Checkout {
  /** Abbreviated hash and subject. */
  readonly commit: string;
  readonly launcher: string;
}

/**
 * Places the sources of a commit and its packages into a new folder. The repository is not changed.
 *
 * @param revision any name of a commit that git knows
 * @throws Error if there is no such commit, or npm fails
 */
export async function checkOut(revision: string, folder: string): Promise<Checkout> {
  const hash = await run("git", ["rev-parse", "--verify", `${revision}^{commit}`]).catch(() => {
    throw new Error(`No commit is named ${revision}.`);
  });
  const commit = await describe(hash);
  const archive = `${folder}.tar`;
  await run("git", ["archive", "--format=tar", `--output=${archive}`, hash]);
  mkdirSync(folder, { mode: 0o755 });
  await run("tar", ["-xf", archive, "-C", folder]);
  rmSync(archive);
  const [locked, ownLocked] = [folder, root].map((each) => readFileSync(`${each}/package-lock.json`, "utf8"));
  if (locked === ownLocked) shareAllModules(folder);
  else await install(folder, commit);
  return { commit, launcher: launcherIn(folder) };
}

/**
 * Copies the sources of this repository with uncommitted changes. Compared with the original, the copy has empty caches
 * like a checkout, and edits during the run do not change it.
 */
export async function copyOwn(folder: string): Promise<Checkout> {
  const files = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  mkdirSync(folder, { mode: 0o755 });
  for (const file of files.split("\0")) {
    if (file === "" || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(join(root, file), join(folder, file));
  }
  shareAllModules(folder);
  const changes = await run("git", ["status", "--porcelain"]);
  const commit = await describe("HEAD");
  return { commit: changes === "" ? commit : `${commit}, with uncommitted changes`, launcher: launcherIn(folder) };
}

function describe(revision: string): Promise<string> {
  return run("git", ["log", "--max-count=1", "--format=%h %s", revision]);
}

function launcherIn(folder: string): string {
  return `${folder}/apps/cli/bin/holdfast`;
}

/** Builds the web app, which a server would otherwise do while it is measured. */
export async function buildApp(folder: string): Promise<void> {
  await run("npm", ["run", "build", "--workspace", "apps/web"], folder);
}

/** Scripts are not needed to run Holdfast, and one of them would change the hooks of a repository. */
async function install(folder: string, commit: string): Promise<void> {
  process.stderr.write(`npm ci, because the package-lock.json of ${commit} differs\n`);
  await run("npm", ["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"], folder);
}

function shareAllModules(folder: string): void {
  for (const name of moduleFolders(readFileSync(`${root}/package-lock.json`, "utf8")))
    if (existsSync(join(root, name))) shareModules(join(root, name), join(folder, name));
}

export function moduleFolders(locked: string): string[] {
  const { packages } = JSON.parse(locked) as { packages: Record<string, unknown> };
  const folders = Object.keys(packages).map((path) => /^.*?node_modules(?=\/)/.exec(path)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))];
}

/**
 * Links installed packages. Links of workspaces are copied, because they are relative: they lead to the other sources.
 * Caches are not shared.
 */
export function shareModules(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else if (entry.name.startsWith("@")) shareModules(source, target);
    else if (entry.isDirectory() && entry.name !== ".cache") symlinkSync(source, target);
  }
}

async function run(program: string, args: readonly string[], cwd = root): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd, maxBuffer: 2 ** 26 });
  return stdout.trim();
}
