import type { NodeId } from "@holdfast/core/ids";
import { foldName } from "@holdfast/core/sort-key";
import { type RawBuilder, sql } from "kysely";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { SearchQuery } from "./search-query.ts";

/**
 * Ranks of matches, best first: folders before files in each of four classes. 0 and 1: the name is the text, with or
 * without an extension; 2 and 3: the name begins with the text; 4 and 5: all words begin words of the name; 6 and 7:
 * other matches. The last change decides among equals. A search without words has one rank.
 */
export const ranksMax = 8;

/** Position of a match in the order of the results. */
export type Position = readonly [rank: number, updatedAt: number, id: NodeId];

/** Must agree with `rankIs`. */
export function rankOf({ text, words }: SearchQuery, row: Pick<NodeRow, "name" | "kind">): number {
  if (words.length === 0) return 0;
  const folder = row.kind === "folder" || row.kind === "mount" ? 0 : 1;
  const name = foldName(row.name);
  if (name === text || name.startsWith(`${text}.`)) return folder;
  if (name.startsWith(text)) return 2 + folder;
  return (words.every((word) => spaced(name).includes(spaced(word))) ? 4 : 6) + folder;
}

/** Must agree with `rankOf`. */
export function rankIs({ text, words }: SearchQuery): RawBuilder<number> {
  if (words.length === 0) return sql`0`;
  const name = sql`' ' || translate(folded_name, ${separators}, ${" ".repeat(separators.length)})`;
  const begin = words.map((word) => sql`${name} like ${`%${spaced(word)}%`}`);
  return sql`case
      when folded_name = ${text} or starts_with(folded_name, ${`${text}.`}) then 0
      when starts_with(folded_name, ${text}) then 2
      when ${sql.join(begin, sql` and `)} then 4
      else 6
    end + ${folderRank}`;
}

/** Must equal the expression in nodes_name_start. */
export const folderRank = sql`case when kind in ('folder', 'mount') then 0 else 1 end`;

export function comparePositions(left: Position, right: Position): number {
  if (left[0] !== right[0]) return left[0] - right[0];
  if (left[1] !== right[1]) return right[1] - left[1];
  if (left[2] === right[2]) return 0;
  return left[2] < right[2] ? 1 : -1;
}

/** Characters between words, including all with a meaning in a pattern. */
const separators = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

function spaced(text: string): string {
  return ` ${text.replace(/[!-/:-@[-`{-~]/g, " ")}`;
}
