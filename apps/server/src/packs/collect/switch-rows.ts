import { type Kysely, sql, type Transaction } from "kysely";
import { byteaArray, uuidArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { isIndexComplete } from "../facts/cell-facts.ts";
import { insertPackRows } from "../index/pack-rows.ts";
import type { PackId } from "../format/pack-format.ts";
import type { SealedRecords } from "../write/seal-records.ts";
import type { CollectPorts } from "./collect-ports.ts";
import { whileCollecting } from "../facts/collection-lock.ts";
import { type CopyKey, givenCopies, isGiven } from "../index/copy-keys.ts";
import type { Move } from "./plan-rewrite.ts";
import { type GoneCopy, shrinkPacks } from "./shrink-packs.ts";

interface KeyedMove {
  readonly hash: Buffer;
  readonly from: PackId;
  readonly to: PackId;
}

/**
 * Runs in one transaction. A row that changed since it was read stays, as does one whose equal copy elsewhere is no
 * longer live. Holders are locked before blocks, as by releases, and to exclude `holdAlso`, which would copy the old
 * location.
 * @param made undefined if all moved blocks have equal copies elsewhere
 */
export async function switchRows(
  { cell, clock }: Pick<CollectPorts, "cell" | "clock">,
  made: SealedRecords | undefined,
  moves: readonly Move[],
): Promise<void> {
  const now = clock.nowMicros();
  const keyed = moves.flatMap(({ hash, from, to = made?.packId }) =>
    to === undefined ? [] : [{ hash: Buffer.from(hash, "hex"), from, to }],
  );
  await whileCollecting(cell.db, isIndexComplete, async (transaction) => {
    const settled = await lockMoves(transaction, keyed, made?.packId);
    const moved = new Set(settled.filter(({ to }) => to === made?.packId).map(({ hash }) => hash.toString("hex")));
    if (made !== undefined) {
      const packedBytes = made.blocks.reduce((sum, { storedSize }) => sum + storedSize, 0);
      const blocks = made.blocks.filter(({ hash }) => moved.has(Buffer.from(hash).toString("hex")));
      await insertPackRows(transaction, { ...made, blocks, packedBytes }, { now, unreferencedSince: null });
    }
    const gone = await moveHolders(transaction, settled);
    await shrinkPacks(transaction, gone, now, made === undefined ? [] : [made.packId]);
  });
}

/** @returns moves whose row is unchanged and target live */
async function lockMoves(
  transaction: Transaction<CellTables>,
  moves: readonly KeyedMove[],
  madeId: PackId | undefined,
): Promise<KeyedMove[]> {
  const hashes = byteaArray(moves.map(({ hash }) => hash));
  await sql`select from cell.holders where hash = any(${hashes}) order by hash, space_id for update`.execute(
    transaction,
  );
  const targets = moves.flatMap(({ hash, to }) => (to === madeId ? [] : [{ hash, packId: to }]));
  const sources = moves.map(({ hash, from }) => ({ hash, packId: from }));
  const { rows } = await sql<CopyKey & { state: string; waits: boolean }>`
    select block.hash, block.pack_id as "packId", state, unreferenced_since is not null as waits
    from cell.blocks as block join ${givenCopies([...targets, ...sources])} on ${isGiven}
    order by block.hash, block.pack_id for update of block`.execute(transaction);
  const known = new Map(rows.map((row) => [keyOf(row.hash, row.packId), row]));
  return moves.filter(({ hash, from, to }) => {
    const source = known.get(keyOf(hash, from));
    const isThere = source !== undefined && source.state !== "doomed" && !source.waits;
    return isThere && (to === madeId || known.get(keyOf(hash, to))?.state === "live");
  });
}

async function moveHolders(transaction: Kysely<CellTables>, moves: readonly KeyedMove[]): Promise<GoneCopy[]> {
  const hashes = byteaArray(moves.map(({ hash }) => hash));
  const [from, to] = [uuidArray(moves.map((move) => move.from)), uuidArray(moves.map((move) => move.to))];
  await sql`update cell.holders as holder set pack_id = move.target
    from unnest(${hashes}, ${from}, ${to}) as move (hash, source, target)
    where holder.hash = move.hash and holder.pack_id = move.source`.execute(transaction);
  await sql`update cell.blocks as block set unreferenced_since = null
    from unnest(${hashes}, ${to}) as move (hash, target)
    where block.hash = move.hash and block.pack_id = move.target and unreferenced_since is not null`.execute(
    transaction,
  );
  const { rows } = await sql<GoneCopy>`
    delete from cell.blocks as block using ${givenCopies(moves.map((move) => ({ hash: move.hash, packId: move.from })))}
    where ${isGiven} returning block.pack_id as "packId", stored_size as "storedSize"`.execute(transaction);
  return rows;
}

function keyOf(hash: Uint8Array, packId: string): string {
  return `${Buffer.from(hash).toString("hex")} ${packId}`;
}
