import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { limits } from "@holdfast/core/limits";
import { type BrokenPattern, brokenPatterns } from "@holdfast/sync/rules/broken-patterns";
import { ruleLines } from "@holdfast/sync/rules/rule-lines";
import { ignorePath } from "@holdfast/sync/rules/rules";
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
