import { type Kysely, sql, type Transaction } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { inTransaction } from "../../base/db/database.ts";

/** Two numbers that nothing else in the cell's database locks: "coll" in ASCII. */
const lockKey = sql`${0x636f6c6c}::int, 0::int`;

/** Part of a statement that forbids collection. When its transaction ends, every running collection has seen that. */
export const collectionAlone = sql`select pg_advisory_xact_lock(${lockKey})`;

/**
 * The transaction dooms or deletes. A statement that forbids this has finished before, or waits for its end.
 * @param mayCollect checked in the transaction
 * @returns undefined if collection is forbidden
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
