import type { NodeId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { emailKey } from "../../features/accounts/context/email-address.ts";
import { textArray, uuidArray } from "../../base/db/array-parameters.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import type { ShreddingRow } from "../../base/db/shredding-tables.ts";
import { mentioningTables } from "./account-tables.ts";
import type { ShredWorld } from "./shred-world.ts";

const rowsAtOnce = 1000;
const anyId = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

interface ReadRow {
  readonly at: string;
  readonly text: string;
}

/**
 * Removes rows that mention the account's address, its space or a node in it. Must run first, because only the nodes'
 * rows contain their ids. Scans each table once, because JSON content has no index.
 */
export async function removeMentions(world: ShredWorld, row: ShreddingRow, signal: AbortSignal): Promise<void> {
  for (const { db } of world.shards.all())
    for (const table of mentioningTables) await sweepTable(world, row, { db, ...table, signal });
}

interface Sweep {
  readonly db: Kysely<ShardTables>;
  readonly name: (typeof mentioningTables)[number]["name"];
  readonly ofUser: boolean;
  readonly signal: AbortSignal;
}

async function sweepTable(world: ShredWorld, row: ShreddingRow, { db, name, ofUser, signal }: Sweep): Promise<void> {
  const table = sql.table(`shard.${name}`);
  for (let last = "(0,0)"; ;) {
    signal.throwIfAborted();
    const { rows } = await sql<ReadRow>`
      select ctid::text as at, told::text as text from ${table} as told
      where ctid > ${last}::tid order by ctid limit ${rowsAtOnce}`.execute(db);
    const named = await findNamed(world, row, rows, ofUser);
    if (named.size > 0)
      // A row that changed since has another place and is read there.
      await sql`
        delete from ${table} as told using unnest(${textArray([...named.keys()])}, ${textArray([...named.values()])}) as found (at, word)
        where told.ctid = found.at::tid and strpos(lower(told::text), found.word) > 0`.execute(db);
    const end = rows.at(-1);
    if (end === undefined || rows.length < rowsAtOnce) return;
    last = end.at;
  }
}

/** @returns the place of each matching row, and the word */
async function findNamed(
  { shards }: ShredWorld,
  { space_id, user_id, known }: ShreddingRow,
  rows: readonly ReadRow[],
  ofUser: boolean,
): Promise<Map<string, string>> {
  const words = new Set<string>([space_id, ...(ofUser ? [user_id] : []), ...(known?.mounts ?? [])]);
  const address = emailKey(known?.email ?? "");
  const idsIn = new Map(rows.map(({ at, text }) => [at, [...text.toLowerCase().matchAll(anyId)].map(([id]) => id)]));
  const all = [...new Set([...idsIn.values()].flat())] as NodeId[];
  // Index: primary key.
  const { rows: nodes } = await sql<{ id: NodeId }>`
    select id from shard.nodes where space_id = ${space_id} and id = any(${uuidArray(all)})`.execute(
    shards.ofId(space_id).db,
  );
  for (const { id } of nodes) words.add(id);
  return new Map(
    rows.flatMap(({ at, text }) => {
      const word = idsIn.get(at)?.find((id) => words.has(id));
      if (word !== undefined) return [[at, word] as const];
      return address !== "" && text.toLowerCase().includes(address) ? [[at, address] as const] : [];
    }),
  );
}
