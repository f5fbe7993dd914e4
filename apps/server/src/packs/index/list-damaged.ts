import type { HashHex, SpaceId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { findFilesTouching } from "./files-touching.ts";
import type { TouchedFile } from "./files-touching.ts";

export interface DamagedBlock {
  readonly hash: HashHex;
  readonly sizeBytes: number;
  readonly files: readonly TouchedFile[];
}

/** Costs one index lookup if nothing is damaged. */
export async function listDamaged(
  { shards, cell }: { readonly shards: Shards; readonly cell: Kysely<CellTables> },
  spaceId: SpaceId,
  { after, limit }: { readonly after: HashHex | undefined; readonly limit: number },
): Promise<DamagedBlock[]> {
  const { rows } = await sql<{ hash: HashHex; sizeBytes: number }>`
    select encode(block.hash, 'hex') as hash, max(block.size) as "sizeBytes" from cell.blocks as block
    where block.state = 'damaged' and block.hash > ${Buffer.from(after ?? "", "hex")}
      and exists (select from cell.holders as holder where holder.space_id = ${spaceId} and holder.hash = block.hash)
      and not exists (select from cell.blocks as other where other.hash = block.hash and other.state <> 'damaged')
    group by block.hash order by block.hash limit ${limit}`.execute(cell);
  if (rows.length === 0) return [];
  const hashes = rows.map(({ hash }) => hash);
  const files = await findFilesTouching(shards, cell, hashes, spaceId);
  return rows.map(({ hash, sizeBytes }) => ({ hash, sizeBytes, files: files.get(hash) ?? [] }));
}
