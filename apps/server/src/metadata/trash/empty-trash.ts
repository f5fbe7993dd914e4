import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { Actor } from "../actor.ts";
import type { OperationResult } from "../commit/operation.ts";
import type { Committer } from "../commit/commit-queue.ts";
import type { ShardReader } from "../../db/shard-tables.ts";
import { newestEntry } from "../read/newest-entry.ts";

/**
 * Purges the items that were in the trash of the caller's space at that entry of its journal, a batch at a time, newest first. Items that were
 * trashed, or restored and trashed again, by a later entry stay. Nothing gets into a folder while it is in the trash, so a folder that goes
 * takes nothing later along. Entries have an order where times are equal, or the clock was set back.
 * @param seen undefined: the newest entry now
 * @returns how many items of the list of the trash are gone, those included that went with a folder around them
 * @throws HoldfastError device_suspended
 */
export async function emptyTrash(
  reader: ShardReader,
  committer: Committer,
  caller: Actor,
  seen?: number,
): Promise<number> {
  const trash = { reader, caller, seen: seen ?? (await newestEntry(reader, caller.spaceId)) };
  let gone = await countTrashed(trash);
  let page = await trashedBefore(trash, undefined);
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    const operations = page.map(
      ({ id }) => ({ op: "purge", fileId: id, trashedOnly: true, unchangedSince: trash.seen }) as const,
    );
    const { results } = await committer.commit(caller, operations);
    const refused = results.find((result) => "error" in result && result.error.code === "device_suspended");
    if (refused !== undefined && "error" in refused) throw refused.error;
    gone -= results.filter(isKept).length;
    page = await trashedBefore(trash, last);
  }
  return gone;
}

interface Trash {
  readonly reader: ShardReader;
  readonly caller: Actor;
  readonly seen: number;
}

/** A folder takes along what was deleted inside it before, whose own turn then finds nothing. */
function isKept(result: OperationResult): boolean {
  return "error" in result && result.error.code !== "not_found";
}

/** Before anything goes: what lies inside another item is on no later page once that one is gone. */
async function countTrashed(trash: Trash): Promise<number> {
  let count = 0;
  let page = await trashedBefore(trash, undefined);
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    count += page.length;
    page = await trashedBefore(trash, last);
  }
  return count;
}

interface Trashed {
  readonly id: NodeId;
  readonly trashed_at: number;
}

/** By nodes_trash. */
async function trashedBefore({ reader, caller, seen }: Trash, last: Trashed | undefined): Promise<Trashed[]> {
  const latest = last?.trashed_at ?? Number.MAX_SAFE_INTEGER;
  const { rows } = await sql<Trashed>`
    select id, trashed_at from shard.nodes
    where space_id = ${caller.spaceId} and trashed_at is not null and purged_at is null and seq <= ${seen}
      and trashed_at <= ${latest} and (trashed_at < ${latest} or id > ${last?.id ?? caller.rootId})
    order by trashed_at desc, id limit ${limits.batchOperationsMax}`.execute(reader);
  return rows;
}
