import { type Kysely, sql, type Transaction } from "kysely";
import type { CellTables } from "../../db/cell-tables.ts";
import { inTransaction } from "../../db/database.ts";

/** Any two numbers that nothing else in the cell's database locks: "coll" in ASCII. */
const lockKey = sql`${0x636f6c6c}::int, 0::int`;

/** Of a statement that forbids collection: when its transaction ends, nothing is under way that had not read so. */
export const collectionAlone = sql`select pg_advisory_xact_lock(${lockKey})`;

/**
 * A transaction that dooms or deletes: whatever forbids that has said so before it, or waits until it has ended.
 * @param mayCollect asked in it
 * @returns undefined where it may not
 */
export async function whileCollecting<Result>(
  db: Kysely<CellTables>,
  mayCollect: (transaction: Transaction<CellTables>) => Promise<boolean>,
  work: (transaction: Transaction<CellTables>) => Promise<Result>,
): Promise<Result | undefined> {
  return inTransaction(db, async (transaction) => {
    await sql`select pg_advisory_xact_lock_shared(${lockKey})`.execute(transaction);
    return (await mayCollect(transaction)) ? work(transaction) : undefined;
  });
}
