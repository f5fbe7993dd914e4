import { limits } from "@holdfast/core/limits";
import { nameKey } from "@holdfast/core/names";
import type { NodeRow } from "../db/shard-tables.ts";
import type { Work } from "./work.ts";

/**
 * The first name of `stem (2).ext`, `stem (3).ext` … that is free. The extension is what follows the last dot that is
 * not the first character; a folder has none. The stem is cut at a character to fit 255 bytes.
 * @param word stands before the number: `stem (restored).ext`, `stem (restored 2).ext` …
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
  const dot = kind === "folder" ? -1 : name.lastIndexOf(".");
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  const label = word === undefined ? String(number) : `${word}${number === 1 ? "" : ` ${number}`}`;
  const suffix = ` (${label})`;
  const fits = Buffer.byteLength(suffix + extension) < limits.nameBytesMax - 4;
  // An extension that fills the name is no extension.
  if (!fits) return cutTo(name, limits.nameBytesMax - Buffer.byteLength(suffix)) + suffix;
  return cutTo(stem, limits.nameBytesMax - Buffer.byteLength(suffix + extension)) + suffix + extension;
}

/** @returns as much of the text as has at most so many bytes of UTF-8, cut between two characters */
function cutTo(text: string, bytesMax: number): string {
  let bytes = 0;
  let cut = "";
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesMax) break;
    cut += character;
  }
  return cut;
}
