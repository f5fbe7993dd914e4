import type { HashHex, SpaceId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { isOwed, owedPacks } from "./owed-copies.ts";
import { findFilesTouching } from "./files-touching.ts";
import type { TouchedFile } from "./files-touching.ts";

export interface DamagedBlock {
  readonly hash: HashHex;
  readonly sizeBytes: number;
  readonly files: readonly TouchedFile[];
}

interface DamagePorts {
  readonly shards: Shards;
  readonly cell: Kysely<CellTables>;
  /** Stores whose debts count as damage. */
  readonly debtors: readonly string[];
}

/** Costs one index lookup if nothing is damaged. */
export async function listDamaged(
  { shards, cell, debtors }: DamagePorts,
  spaceId: SpaceId,
  { after, limit }: { readonly after: HashHex | undefined; readonly limit: number },
): Promise<DamagedBlock[]> {
  const damaged = sql`select hash, size from cell.blocks where state = 'damaged'`;
  const owed = sql`
    select hash, size from (${owedPacks(debtors)}) as pack join cell.blocks as block on block.pack_id = pack.id`;
  const { rows } = await sql<{ hash: HashHex; sizeBytes: number }>`
    select encode(block.hash, 'hex') as hash, max(block.size) as "sizeBytes" from (
      ${debtors.length === 0 ? damaged : sql`${damaged} union all ${owed}`}) as block
    where block.hash > ${Buffer.from(after ?? "", "hex")}
      and exists (select from cell.holders as holder where holder.space_id = ${spaceId} and holder.hash = block.hash)
      and not exists (select from cell.blocks as other where other.hash = block.hash and other.state <> 'damaged'
        and not ${isOwed(debtors, "other")})
    group by block.hash order by block.hash limit ${limit}`.execute(cell);
  if (rows.length === 0) return [];
  const hashes = rows.map(({ hash }) => hash);
  const files = await findFilesTouching(shards, cell, hashes, spaceId);
  return rows.map(({ hash, sizeBytes }) => ({ hash, sizeBytes, files: files.get(hash) ?? [] }));
}
