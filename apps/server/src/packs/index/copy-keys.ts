import { type Kysely, sql } from "kysely";
import { byteaArray, uuidArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";

export interface CopyKey {
  readonly hash: Buffer;
  readonly packId: string;
}

export function givenCopies(copies: readonly CopyKey[]) {
  return sql`unnest(${byteaArray(copies.map(({ hash }) => hash))}, ${uuidArray(copies.map(({ packId }) => packId))})
    as given (hash, pack_id)`;
}

export const isGiven = sql`block.hash = given.hash and block.pack_id = given.pack_id`;

/** Locks rows in the order of their keys, as everywhere, so that they do not change during the transaction. */
export async function lockCopies(transaction: Kysely<CellTables>, copies: readonly CopyKey[]): Promise<void> {
  await sql`select from cell.blocks as block join ${givenCopies(copies)} on ${isGiven}
    order by block.hash, block.pack_id for update of block`.execute(transaction);
}
