import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { Actor } from "../actor.ts";
import type { Committer } from "../commit/commit-queue.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { type JournalHead, newestEntry } from "../read/newest-entry.ts";

/**
 * Purges the items in the trash of the caller's space as of a journal entry, in batches. Items trashed by a later entry
 * stay, also those restored and trashed again. Nothing can be added to a trashed folder, so a purged folder contains no
 * later items. Entries are ordered even if times are equal or the clock was set back.
 * @param seen undefined: the newest entry now
 * @returns number of listed items that this call purged
 * @throws HoldfastError device_suspended; reset if the entry is of an earlier epoch, whose numbers are not comparable
 */
export async function emptyTrash(
  reader: ShardQueries,
  committer: Committer,
  caller: Actor,
  seen?: JournalHead,
): Promise<number> {
  const { seq, epoch } = seen ?? (await newestEntry(reader, caller.spaceId));
  let purged = 0;
  let page = await trashedAfter({ reader, caller, seq }, undefined);
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    // An item is counted only if purged before its folder.
    const operations = page
      .toSorted((left, right) => left.seq - right.seq)
      .map(({ id }) => ({ op: "purge", fileId: id, trashedOnly: true, unchangedSince: seq }) as const);
    const { results } = await committer.commit(caller, operations, { epoch });
    const refused = results.find((result) => "error" in result && result.error.code === "device_suspended");
    if (refused !== undefined && "error" in refused) throw refused.error;
    purged += results.filter(({ status }) => status === "committed").length;
    page = await trashedAfter({ reader, caller, seq }, last);
  }
  return purged;
}

interface Trash {
  readonly reader: ShardQueries;
  readonly caller: Actor;
  readonly seq: number;
}

interface Trashed {
  readonly id: NodeId;
  readonly trashed_at: number;
  readonly seq: number;
}

/** Oldest first. Index: nodes_trash, backwards. */
async function trashedAfter({ reader, caller, seq }: Trash, last: Trashed | undefined): Promise<Trashed[]> {
  const earliest = last?.trashed_at ?? 0;
  const { rows } = await sql<Trashed>`
    select id, trashed_at, seq from shard.nodes
    where space_id = ${caller.spaceId} and trashed_at is not null and purged_at is null and seq <= ${seq}
      and trashed_at >= ${earliest} and (trashed_at > ${earliest} or id < ${last?.id ?? lastId}::uuid)
    order by trashed_at asc, id desc limit ${limits.batchOperationsMax}`.execute(reader);
  return rows;
}

const lastId = "ffffffff-ffff-ffff-ffff-ffffffffffff";
