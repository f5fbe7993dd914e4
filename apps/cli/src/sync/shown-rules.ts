import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { limits } from "@holdfast/core/limits";
import { type BrokenPattern, brokenPatterns } from "@holdfast/sync/rules/broken-patterns";
import { ruleLines } from "@holdfast/sync/rules/rule-lines";
import { ignorePath, Rules } from "@holdfast/sync/rules/rules";
import { temporaryName, temporaryNames } from "@holdfast/sync/rules/temporary";
import { joinPath, ownFolder } from "@holdfast/sync-ports/paths";
import { z } from "zod";
import { orNothing } from "../transfer/journal-file.ts";
import { stateName } from "./client-engine.ts";
import type { KnownSync } from "./known-syncs.ts";

/** What keeps paths of a sync away, beside the built-in list of temporary files. */
export interface ShownRules {
  /** Paths that this device excludes (`--exclude`). */
  readonly excluded: readonly string[];
  /** Lines of `.holdfastignore` that are patterns, in their order. */
  readonly ignored: readonly string[];
  /** Its lines that keep nothing away, since they are no patterns. */
  readonly broken: readonly BrokenPattern[];
}

/** A name of the built-in list, and how many files in the folder it keeps away now. */
export interface BuiltInRule {
  readonly name: string;
  readonly files: number;
}

/** Goes through the folder, as far as other rules do not hide it. What cannot be listed has no files. */
export async function countBuiltIn(sync: KnownSync): Promise<readonly BuiltInRule[]> {
  const { root } = sync.record;
  const rules = new Rules(textOf(join(root, ignorePath)), rulesOf(sync).excluded);
  const counts = new Map(temporaryNames.map((name) => [name, 0]));
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
  return [...counts].map(([name, files]) => ({ name, files }));
}

const excludedPaths = z.array(z.string());

export function rulesOf({ folder, record }: KnownSync): ShownRules {
  const text = textOf(join(record.root, ignorePath));
  const broken = brokenPatterns(text);
  const brokenLines = new Set(broken.map(({ line }) => line));
  const ignored = ruleLines(text).lines.filter(
    (line, index) => line.trim() !== "" && !line.startsWith("#") && !brokenLines.has(index + 1),
  );
  return { excluded: excludedIn(join(folder, stateName)), ignored, broken };
}

/** Also while a client runs. */
function excludedIn(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  try {
    const found = orNothing(() => database.prepare("select row from settings where key = 'excluded'").get());
    if (found === undefined) return [];
    return excludedPaths.parse(JSON.parse(z.string().parse(JSON.parse(String(found["row"])))));
  } finally {
    database.close();
  }
}

function textOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) return "";
  const descriptor = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(limits.ignoreBytesMax + 1);
    return bytes.subarray(0, readSync(descriptor, bytes)).toString();
  } finally {
    closeSync(descriptor);
  }
}
