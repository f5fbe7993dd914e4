import { HoldfastError } from "@holdfast/core/errors";
import { unlikeBytes } from "@holdfast/core/format-bytes";
import { isId, type NodeId, type SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../actor.ts";
import { withoutFigures } from "../weight/quota-refusal.ts";
import { raiseQuota } from "../weight/raise-quota.ts";
import { readFreeBytes, roundedFreeBytes } from "../weight/used-bytes.ts";
import { loadOperations } from "./load.ts";
import type { Operation } from "./operation.ts";
import type { OperationOf } from "./operation-of.ts";
import type { Settled } from "./settle-spaces.ts";

type Put = Settled<OperationOf<"put">>;

/**
 * Rejects a batch before its blocks are sent if it only puts files and none of them fits. The commit decides; this only
 * saves the transfer. A repeated batch, or one with any other operation, is never rejected.
 * @throws HoldfastError quota
 */
export async function assertBatchRoom(shards: Shards, settled: readonly Settled<Operation>[]): Promise<void> {
  const puts = settled.filter(isPut);
  const [first] = puts;
  if (first === undefined || puts.length < settled.length) return;
  const free = new Map<SpaceId, number>();
  for (const { actor } of puts) {
    if (free.has(actor.spaceId)) continue;
    const freeBytes = await readFreeBytes(shards, actor.spaceId);
    // The caller's role on each folder is not known yet.
    free.set(actor.spaceId, actor.owns ? freeBytes : roundedFreeBytes(freeBytes));
  }
  const freeOf = ({ spaceId }: Actor): number => free.get(spaceId) ?? Infinity;
  if (puts.some(({ actor, what }) => what.content.sizeBytes <= freeOf(actor))) return;
  let needed = Infinity;
  for (const [actor, some] of Map.groupBy(puts, (put) => put.actor)) {
    const growths = await growthsOf(shards, actor, some);
    if (growths === undefined || growths.some((growth) => growth <= freeOf(actor))) return;
    needed = Math.min(needed, ...growths);
  }
  const freeBytes = Math.max(0, freeOf(first.actor));
  const [least, room] = unlikeBytes(needed, freeBytes);
  const text =
    puts.length === 1
      ? `This needs ${least}, and ${room} is free in your quota. ${raiseQuota}`
      : `None of these files fits into your quota: the smallest needs ${least}, and ${room} is free. ${raiseQuota}`;
  const body = { free_bytes: freeBytes, needed_bytes: needed };
  throw withoutFigures(first.actor, new HoldfastError("quota", text, { body }));
}

/** Returns by how many bytes each file would grow; undefined if only the commit can determine it. */
async function growthsOf(shards: Shards, actor: Actor, puts: readonly Put[]): Promise<number[] | undefined> {
  const { spaceId, userId } = actor;
  const { db } = shards.ofId(spaceId);
  if (puts.some(({ what }) => what.fileId === undefined && mayReplace(what))) return undefined;
  const ids = puts.flatMap(({ what }) => (what.operationId === undefined ? [] : [what.operationId]));
  const done = await loadOperations(
    db,
    spaceId,
    ids.map((operationId) => ({ userId, operationId })),
  );
  if (done.length > 0) return undefined;
  const fileIds = puts.flatMap(({ what }) =>
    what.fileId !== undefined && isId(what.fileId) ? [what.fileId as NodeId] : [],
  );
  const { rows } = await sql<Pick<NodeRow, "id" | "size">>`
    select n.id, n.size from unnest(${uuidArray(fileIds)}) as asked (id) cross join lateral (
      select id, size from shard.nodes where space_id = ${spaceId} and id = asked.id offset 0) n`.execute(db);
  const sizes = new Map<string, number>(rows.map(({ id, size }) => [id, size]));
  return puts.map(({ what }) => what.content.sizeBytes - (sizes.get(what.fileId ?? "") ?? 0));
}

function mayReplace({ onConflict, baseVersion, baseRevision, ifMatch }: OperationOf<"put">): boolean {
  return onConflict === "replace" || baseVersion !== undefined || baseRevision !== undefined || ifMatch !== undefined;
}

function isPut(settled: Settled<Operation>): settled is Put {
  return settled.what.op === "put" && !settled.isAcross;
}
