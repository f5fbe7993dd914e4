import { HoldfastError } from "@holdfast/core/errors";
import type {
  BucketMoveJson,
  MovePlanJson,
  RenewedEpochsJson,
  ShardJson,
  ShardsJson,
} from "@holdfast/protocol/shard-routes";
import { formatTime } from "@holdfast/core/times";
import type { BucketMove } from "../../base/db/shard-map.ts";
import { rangeJson, readShard, readShards } from "../../base/operation/shard-figures.ts";
import { forgetMissingChanges } from "../../packs/facts/missing-changes.ts";
import type { RightsWorld } from "../../features/sharing/change-rights.ts";
import { countSpaces, renewEpochs } from "../../tree/journal/renew-epochs.ts";
import type { MovePorts } from "./move-buckets.ts";
import type { WantedMove } from "./plan-move.ts";
import type { CopyProgress } from "./replication.ts";

export interface MoveCare {
  readShards(): Promise<ShardsJson>;
  addShard(name: string): Promise<ShardJson>;
  /** @param name undefined: all shards @throws HoldfastError not_found */
  renewEpochs(names: readonly string[] | undefined, isDry: boolean): Promise<RenewedEpochsJson>;
  planMove(wanted: WantedMove): Promise<MovePlanJson>;
  /** Stores the move, which a worker then does. */
  startMove(wanted: WantedMove): Promise<BucketMoveJson>;
  cancelMove(): Promise<BucketMoveJson>;
}

/** @param order starts the job of a worker */
export function openMoveCare(
  { databases, log, rights }: Pick<MovePorts, "databases" | "log"> & { readonly rights: RightsWorld },
  order: () => Promise<void>,
): MoveCare {
  return {
    async readShards() {
      const [items, moving] = await Promise.all([readShards(databases), (await moves()).readMove(databases)]);
      return { items, next_cursor: null, move: moving === undefined ? null : jsonOf(moving.move, moving.progress) };
    },
    async addShard(name) {
      const { addShard } = await plans();
      return readShard(databases, await addShard(databases, name, log));
    },
    async renewEpochs(names, isDry) {
      const all = databases.shards.all();
      const unknown = names?.find((name) => !all.some(({ id }) => id === name));
      if (unknown !== undefined) throw new HoldfastError("not_found", `There is no shard ${unknown} with accounts.`);
      const shards = all.filter(({ id }) => names?.includes(id) ?? true);
      const items: RenewedEpochsJson["items"] = [];
      for (const { id, db } of shards) {
        items.push({ name: id, spaces: await (isDry ? countSpaces(db) : renewEpochs(db)) });
      }
      const { repairShardCopies } = await import("../shard-copies/repair-copies.ts");
      const copies = await repairShardCopies({ ...rights, lost: new Set(shards.map(({ id }) => id)) }, isDry);
      for (const { id } of isDry ? [] : shards)
        for (const cell of databases.cells.all()) await forgetMissingChanges(cell.db, id);
      return { items, copies };
    },
    async planMove(wanted) {
      const { planMove } = await plans();
      const { from, target, accounts, bytes } = await planMove(databases, wanted);
      return { buckets: rangeJson(wanted.buckets), from: from.id, to: target.id, accounts, bytes };
    },
    async startMove(wanted) {
      const move = await (await moves()).startMove({ databases, log }, wanted);
      await order();
      return jsonOf(move, undefined);
    },
    async cancelMove() {
      const move = await (await moves()).cancelMove({ databases });
      await order();
      return jsonOf(move, undefined);
    },
  };
}

const moves = () => import("./move-buckets.ts");
const plans = () => import("./plan-move.ts");

function jsonOf(
  { buckets, from, to, state, started_ms, problem }: BucketMove,
  progress: CopyProgress | undefined,
): BucketMoveJson {
  return {
    buckets: rangeJson(buckets),
    from,
    to,
    state,
    started_at: formatTime(started_ms * 1000),
    tables_copied: progress?.copied ?? null,
    tables: progress?.tables ?? null,
    behind_bytes: Number.isFinite(progress?.behindBytes) ? (progress?.behindBytes ?? null) : null,
    problem,
  };
}
