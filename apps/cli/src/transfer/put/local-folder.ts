import { existsSync, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { limits } from "@holdfast/core/limits";
import { nameProblem, type UnfitNameCode, unfitNameCode } from "@holdfast/core/names";
import { microsOfNanos } from "@holdfast/core/times";
import { markerPath, ownFolder } from "@holdfast/sync-ports/paths";
import type { FileStamp } from "../read-files.ts";
import { toStamp } from "../read-files.ts";
import type { LocalState } from "./put-plan.ts";
import { isPrivate } from "../private-mode.ts";

export interface LocalEntry extends LocalState {
  readonly name: string;
  readonly path: string;
  readonly stamp: FileStamp;
}

export interface Unfit {
  readonly path: string;
  readonly code: UnfitCode;
  readonly message: string;
}

/** `special_file`: a pipe, socket or device, which nobody expects to be uploaded. */
export type UnfitCode = UnfitNameCode | "special_file" | "unreadable";

const entriesAtOnce = 500;
/** Left by interrupted `get` runs. */
export const partNamePattern = /^\.holdfast-part-[0-9a-f-]{36}\.[0-9a-f]{8}$/;

/** Sorted by name, without following links. */
export function* listLocalFolder(folder: string): Generator<{ entries: LocalEntry[]; unfit: Unfit[] }> {
  const { names, unfit } = readNames(folder);
  if (unfit.length > 0) yield { entries: [], unfit };
  for (let start = 0; start < names.length; start += entriesAtOnce) {
    const looked = names.slice(start, start + entriesAtOnce).map((name) => lookAt(join(folder, name), name));
    yield {
      entries: looked.flatMap((each) => ("entry" in each ? [each.entry] : [])),
      unfit: looked.flatMap((each) => ("unfit" in each ? [each.unfit] : [])),
    };
  }
}

export function lookAt(path: string, name: string): { entry: LocalEntry } | { unfit: Unfit } {
  try {
    const stats = lstatSync(path, { bigint: true });
    const kind = kindOf(stats);
    if (kind === undefined)
      return {
        unfit: {
          path,
          code: "special_file",
          message: "is not a file, folder or link (a socket, pipe or device), skipped",
        },
      };
    const stamp = toStamp(stats);
    const entry = { name, path, kind, stamp, sizeBytes: stamp.sizeBytes, mtimeMicros: microsOfNanos(stats.mtimeNs) };
    const executable = kind === "file" && (stats.mode & 0o100n) !== 0n;
    if (kind !== "symlink") return { entry: { ...entry, executable, isPrivate: isPrivate(path, stats) } };
    const target = readTarget(path);
    if (target === undefined)
      return { unfit: { path, code: "not_utf8", message: "is a link whose target is not UTF-8, skipped" } };
    return { entry: { ...entry, executable, target } };
  } catch (thrown) {
    return { unfit: { path, code: "unreadable", message: readFailure(thrown) } };
  }
}

/** @throws the given value if it is not a system error */
export function readFailure(thrown: unknown): string {
  const code: unknown = thrown instanceof Error ? Reflect.get(thrown, "code") : undefined;
  if (typeof code !== "string") throw thrown;
  return readFailureOf(code);
}

export function readFailureOf(errno: string): string {
  if (errno === "ENOENT") return "disappeared while it was read, skipped";
  if (errno === "ELOOP") return "became a link while it was read, skipped; run put again";
  if (errno === "ENAMETOOLONG")
    return `its path is longer than ${limits.pathBytesMax} bytes, skipped; move it to a shorter path, or shorten the names of its parent folders`;
  return errno === "EACCES" || errno === "EPERM"
    ? "is not readable by you, skipped"
    : `cannot be read (${errno}), skipped`;
}

/** A name with the replacement character may not be UTF-8, so the raw names are checked. */
function readNames(folder: string): { names: string[]; unfit: Unfit[] } {
  let all: string[];
  let bad = new Map<string, string>();
  try {
    all = readdirSync(folder);
    if (all.some((name) => name.includes("\ufffd"))) bad = namesNotUtf8(folder);
  } catch (thrown) {
    return { names: [], unfit: [{ path: folder, code: "unreadable", message: readFailure(thrown) }] };
  }
  const unfit: Unfit[] = [];
  // `.holdfast` of a synced folder holds state and local trash, not user files.
  const isSynced = all.includes(ownFolder) && existsSync(join(folder, markerPath));
  const names = all.filter((name) => {
    if (partNamePattern.test(name) || (isSynced && name === ownFolder)) return false;
    const shown = bad.get(name);
    const problem = shown === undefined ? nameProblem(name) : "is not UTF-8";
    if (problem === undefined) return true;
    const code = shown === undefined ? unfitNameCode(name) : "not_utf8";
    unfit.push({
      path: join(folder, shown ?? name),
      code,
      message: `its name ${problem}, skipped; rename it to upload it`,
    });
    return false;
  });
  return { names: names.toSorted(), unfit };
}

/** Maps names that are not UTF-8, as decoded, to their bytes with escapes. */
function namesNotUtf8(folder: string): Map<string, string> {
  const raw = readdirSync(folder, { encoding: "buffer" });
  const bad = raw.filter((name) => !Buffer.from(name.toString("utf8")).equals(name));
  return new Map(bad.map((name) => [name.toString("utf8"), name.toString("latin1").replaceAll(/[^ -~]/g, escapeByte)]));
}

function escapeByte(character: string): string {
  return String.raw`\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

function readTarget(path: string): string | undefined {
  const bytes = readlinkSync(path, { encoding: "buffer" });
  const target = bytes.toString("utf8");
  return Buffer.from(target).equals(bytes) ? target : undefined;
}

function kindOf(stats: {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}): LocalState["kind"] | undefined {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "symlink" : undefined;
}
