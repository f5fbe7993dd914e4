import type { SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { enqueue } from "../../queue/enqueue.ts";
import type { NodeRow, ShardReader } from "../../db/shard-tables.ts";
import type { JournalEntry } from "./work.ts";

/** Before every id, so that the look is one of the primary key whatever is known of the table. */
const firstId = "00000000-0000-0000-0000-000000000000";

/** A message names at most so many nodes; more of one transaction are looked at by several. */
const idsPerMessage = 500;

/**
 * What moves or goes may take what is shared out of somebody's sight, or bring it back: whoever it concerns is found later.
 * Only in a space in which anything is shared: by the primary key.
 * @param nodes as they were and are: a new name in the same folder changes nobody's rights, and nobody but who sees it hears of it
 * @returns whether there is anything to look at
 */
export async function reviewGrants(
  transaction: ShardReader,
  spaceId: SpaceId,
  journal: readonly JournalEntry[],
  nodes: readonly { readonly before: NodeRow; readonly after: NodeRow }[],
): Promise<boolean> {
  const inPlace = new Set(
    nodes.flatMap(({ before, after: { id, parent_id } }) => (before.parent_id === parent_id ? [id] : [])),
  );
  const isRenamed = ({ kind, node_id: id }: JournalEntry) => kind === "changed" && inPlace.has(id);
  const ids = journal.filter((entry) => entry.from_parent !== null && !isRenamed(entry)).map((entry) => entry.node_id);
  if (ids.length === 0) return false;
  const { rows } = await sql`
    select id from shard.grants where space_id = ${spaceId} and id > ${firstId}::uuid order by id limit 1`.execute(
    transaction,
  );
  if (rows.length === 0) return false;
  for (let start = 0; start < ids.length; start += idsPerMessage) {
    const payload = { spaceId, nodeIds: ids.slice(start, start + idsPerMessage) };
    await enqueue(transaction, { kind: "grants_moved", payload });
  }
  return true;
}
