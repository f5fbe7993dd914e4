import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { limits } from "@holdfast/core/limits";
import { temporaryName, temporaryNames } from "@holdfast/core/temporary-names";
import { errnoOf } from "@holdfast/disk/disk-error";
import { type BrokenPattern, brokenPatterns } from "@holdfast/sync/rules/broken-patterns";
import { isPattern, ruleLines } from "@holdfast/sync/rules/rule-lines";
import { ignorePath, Rules } from "@holdfast/sync/rules/rules";
import { hashOfRules, readWaiting, type WaitingRules } from "@holdfast/sync/state/waiting-rules";
import { joinPath, ownFolder } from "@holdfast/sync-ports/paths";
import { z } from "zod";
import { orNothing } from "../transfer/journal-file.ts";
import { stateName } from "./client-engine.ts";
import type { KnownSync } from "./known-syncs.ts";

/** Rules in addition to the built-in list of temporary files. */
export interface ShownRules {
  readonly excluded: readonly string[];
  /** Active patterns of `.holdfastignore`, in order. */
  readonly ignored: readonly string[];
  /** Invalid patterns, which exclude nothing. */
  readonly broken: readonly BrokenPattern[];
}

export interface BuiltInRule {
  readonly name: string;
  /** Files in the folder that are not on the server because of this name. */
  readonly files: number;
  /** Files on the server that are not in the folder, by the last sync. */
  readonly files_on_server: number;
}

/** Excludes files that other rules hide. A folder that cannot be listed counts as empty. */
export async function countBuiltIn(sync: KnownSync): Promise<readonly BuiltInRule[]> {
  const here = await countInFolder(sync);
  const onServer = countOnServer(sync);
  return temporaryNames.map((name) => ({
    name,
    files: here.get(name) ?? 0,
    files_on_server: onServer.get(name) ?? 0,
  }));
}

async function countInFolder(sync: KnownSync): Promise<ReadonlyMap<string, number>> {
  const { root } = sync.record;
  const { excluded, inForce } = read(sync);
  const rules = new Rules(inForce, excluded);
  const counts = new Map<string, number>();
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true }).catch(() => [])) {
      const path = joinPath(folder, entry.name);
      const isHidden = path === ownFolder || rules.hides(path, entry.isDirectory());
      if (entry.isDirectory() && !isHidden) folders.push(path);
      const name = entry.isFile() && isHidden ? temporaryName(entry.name) : undefined;
      if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return counts;
}

/** Counts by names of the built-in list. Reads all file names of the last sync, also while a client is running. */
function countOnServer(sync: KnownSync): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const path = join(sync.folder, stateName);
  if (!existsSync(path)) return counts;
  const { inForce, excluded } = read(sync);
  const rules = new Rules(inForce, excluded);
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  try {
    const folders = database.prepare("select parent, name, trashed from remote_rows where key = ?");
    // The root has no row. A trashed or hidden folder has no path.
    const pathOf = (id: SQLInputValue): string | undefined => {
      const row = folders.get(id);
      if (row === undefined) return "";
      const found = row["trashed"] === 0 ? pathIn(row["parent"], String(row["name"])) : undefined;
      return found === undefined || rules.hides(found, true) ? undefined : found;
    };
    const pathIn = (parent: SQLInputValue = null, name: string): string | undefined => {
      const folder = pathOf(parent);
      return folder === undefined ? undefined : joinPath(folder, name);
    };
    const files = database.prepare("select parent, name from remote_rows where kind = 'file' and trashed = 0");
    for (const { parent, name } of files.iterate()) {
      const builtIn = temporaryName(String(name));
      const file = builtIn === undefined ? undefined : pathIn(parent, String(name));
      if (builtIn !== undefined && file !== undefined && rules.hides(file, false))
        counts.set(builtIn, (counts.get(builtIn) ?? 0) + 1);
    }
  } finally {
    database.close();
  }
  return counts;
}

/** A waiting ignore file of another account. */
export interface HeldRules extends WaitingRules {
  readonly text: string;
  /** Last rules of this account; "" if it had none or they are unknown. */
  readonly former: string;
}

/** @returns undefined if no rules wait */
export function heldRulesOf(sync: KnownSync): HeldRules | undefined {
  const { text, inForce, waiting } = read(sync);
  if (waiting === undefined) return undefined;
  return { ...waiting, text, former: waiting.isInForce === true ? "" : inForce };
}

export function rulesOf(sync: KnownSync): ShownRules {
  const { excluded, inForce } = read(sync);
  const broken = brokenPatterns(inForce);
  const brokenLines = new Set(broken.map(({ line }) => line));
  const ignored = ruleLines(inForce).lines.filter((line, index) => isPattern(line) && !brokenLines.has(index + 1));
  return { excluded, ignored, broken };
}

interface Read {
  readonly excluded: readonly string[];
  readonly text: string;
  readonly inForce: string;
  readonly waiting: WaitingRules | undefined;
}

const excludedPaths = z.array(z.string());

function read({ folder, record }: KnownSync): Read {
  const settings = settingsIn(join(folder, stateName));
  const text = textOf(join(record.root, ignorePath));
  const held = readWaiting(settings.get("rules waiting"));
  const waiting = held?.hash === hashOfRules(text) ? held : undefined;
  const inForce = waiting === undefined ? text : (settings.get("ignore text") ?? "");
  return { excluded: excludedPaths.parse(JSON.parse(settings.get("excluded") ?? "[]")), text, inForce, waiting };
}

/** Also works while a client is running. */
function settingsIn(path: string): ReadonlyMap<string, string> {
  if (!existsSync(path)) return new Map();
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  const query = "select key, row from settings where key in ('excluded', 'ignore text', 'rules waiting')";
  try {
    const rows = orNothing(() => database.prepare(query).all()) ?? [];
    return new Map(rows.map(({ key, row }) => [String(key), z.string().parse(JSON.parse(String(row)))]));
  } finally {
    database.close();
  }
}

/** @returns "" if there is no such file, which a running client may move away at any time */
function textOf(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return "";
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT") return "";
    throw thrown;
  }
  try {
    const bytes = Buffer.alloc(limits.ignoreBytesMax + 1);
    return bytes.subarray(0, readSync(descriptor, bytes)).toString();
  } finally {
    closeSync(descriptor);
  }
}
