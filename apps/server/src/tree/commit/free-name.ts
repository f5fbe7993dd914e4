import { splitName, withSuffix } from "@holdfast/core/name-suffix";
import { nameKey } from "@holdfast/core/names";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { Work } from "./work.ts";

/**
 * Returns the first free name of `stem (2).ext`, `stem (3).ext` … The extension begins at the last dot that is not the
 * first character. A folder has none. The stem is cut at a character so that the name fits 255 bytes.
 * @param word precedes the number: `stem (restored).ext`, `stem (restored 2).ext` …
 */
export async function freeName(
  work: Work,
  parent: NodeRow,
  name: string,
  kind: NodeRow["kind"],
  word?: string,
): Promise<string> {
  for (let first = word === undefined ? 2 : 1; ; first += namesAtOnce) {
    const names = Array.from({ length: namesAtOnce }, (_, index) => numberedName(name, kind, word, first + index));
    await work.tree.loadNames(names.map((candidate) => ({ parentId: parent.id, key: nameKey(candidate) })));
    for (const candidate of names) {
      if ((await work.tree.child(parent.id, nameKey(candidate))) === undefined) return candidate;
    }
  }
}

const namesAtOnce = 32;

export function numberedName(name: string, kind: NodeRow["kind"], word: string | undefined, number: number): string {
  const parts = kind === "folder" ? { stem: name, extension: "" } : splitName(name);
  const label = word === undefined ? String(number) : `${word}${number === 1 ? "" : ` ${number}`}`;
  return withSuffix(parts, ` (${label})`);
}
