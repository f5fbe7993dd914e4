import type { UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { CommentRow, ShardQueries } from "../../base/db/shard-tables.ts";
import { type NewNotification, notify } from "../notifications/notify.ts";

/** Maximum number of notified participants: the latest authors. */
const talkersMax = 50;

/**
 * Notifies mentioned users, and of a new comment the owner and other authors. Runs in the transaction that writes it.
 */
export async function notifyOfComment(
  transaction: ShardQueries,
  comment: CommentRow,
  { mentioned, isNew }: { readonly mentioned: readonly UserId[]; readonly isNew: boolean },
): Promise<void> {
  const { author, node_id: nodeId, id, at, edited_at } = comment;
  const detail = { comment_id: id };
  const common = { actor: author, nodeId, atMicros: edited_at ?? at, detail } satisfies Partial<NewNotification>;
  for (const userId of mentioned) await notify(transaction, { ...common, userId, kind: "mention" });
  if (!isNew) return;
  const others = (await readTalkers(transaction, comment)).filter((userId) => !mentioned.includes(userId));
  const gather = { key: `comment ${nodeId} ${author}`, nodeId };
  for (const userId of others) await notify(transaction, { ...common, userId, kind: "comment", gather });
}

/** A node has few comments. Indexes: primary keys. */
async function readTalkers(transaction: ShardQueries, { space_id, node_id }: CommentRow): Promise<UserId[]> {
  const { rows } = await sql<{ id: UserId }>`
    select owner_id as id from shard.spaces where id = ${space_id}
    union
    select author from (
      select author from shard.comments where space_id = ${space_id} and node_id = ${node_id}
      group by author order by max(at) desc limit ${talkersMax}) talkers`.execute(transaction);
  return rows.map((row) => row.id);
}
