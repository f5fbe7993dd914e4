import type { DeviceId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { DeviceBrakeRow } from "../../base/db/suspension-tables.ts";
import { enqueue } from "../../base/queue/enqueue.ts";
import type { Step, Work } from "./work.ts";
import {
  addCounts,
  type BrakedChange,
  type Counted,
  momentBefore,
  type Portion,
  readCounts,
  sumOf,
} from "../brake/brake-counts.ts";
import { dependsOnKnown, knownMax, tooMany } from "../brake/brake-limits.ts";
import { countBelow, countGoing } from "./count-below.ts";
import { deviceSuspended } from "../brake/device-suspended.ts";

export const suspensionKind = "device_suspension";

interface Brake {
  readonly userId: UserId;
  readonly counts: Portion[];
  /** Minimum number of nodes. Exact if less than `measured`. */
  known: number;
  measured: number;
  readonly freeUntil: number;
  suspendedAt: number | null;
  reason?: "rewritten" | "deleted";
}

/** Counts recent rewrites and deletions of the devices of one transaction. Creating files causes no reads or writes. */
export class DeviceBrakes {
  readonly #brakes = new Map<DeviceId, Brake>();

  assertMoves({ caller, operation }: Step): void {
    const brake = caller.deviceId === null ? undefined : this.#brakes.get(caller.deviceId);
    if (operation.rewindId === undefined && typeof brake?.suspendedAt === "number")
      throw deviceSuspended(brake.suspendedAt);
  }

  async admit(work: Work, step: Step, from: number): Promise<void> {
    const { braked } = work.changes;
    for (let index = from; index < braked.length; index += 1) {
      const change = braked[index];
      if (change === undefined) continue;
      const brake = await this.#load(work, step.caller.userId, change.deviceId);
      if (brake.suspendedAt !== null) throw deviceSuspended(brake.suspendedAt);
      // Not counted later either: otherwise the first change after that time would exceed the limit.
      if (brake.freeUntil > work.nowMicros) continue;
      const before = braked.findLast(({ deviceId }, at) => at < index && deviceId === change.deviceId)?.total;
      change.total = added(before, change, await sizeOf(work, change));
      await this.#judge(work, brake, change.total);
    }
  }

  async write({ reader, space, changes, nowMicros }: Work): Promise<boolean> {
    let hasEnqueued = false;
    for (const [deviceId, brake] of this.#brakes) {
      const total = changes.braked.findLast((change) => change.deviceId === deviceId)?.total;
      if (total === undefined && brake.reason === undefined) continue;
      const counts = total === undefined ? brake.counts : addCounts(brake.counts, total, nowMicros);
      await sql`
        insert into shard.device_brakes (space_id, device_id, counts, known, free_until, suspended_at, touched_at)
        values (${space.id}, ${deviceId}, ${JSON.stringify(counts)}, ${brake.known}, ${brake.freeUntil}, ${brake.suspendedAt},
          ${nowMicros})
        on conflict (device_id, space_id) do update set counts = excluded.counts, known = excluded.known,
          free_until = excluded.free_until, suspended_at = excluded.suspended_at, touched_at = excluded.touched_at`.execute(
        reader,
      );
      if (brake.reason === undefined) continue;
      hasEnqueued = true;
      const facts = { since: brake.suspendedAt, reason: brake.reason, moment: momentBefore(counts, nowMicros) };
      const payload = { user_id: brake.userId, device_id: deviceId, space_id: space.id, ...facts, ...sumOf(counts) };
      await enqueue(reader, { kind: suspensionKind, payload });
    }
    return hasEnqueued;
  }

  async #load({ reader, space, nowMicros }: Work, userId: UserId, deviceId: DeviceId): Promise<Brake> {
    const loaded = this.#brakes.get(deviceId);
    if (loaded !== undefined) return loaded;
    const { rows } = await sql<DeviceBrakeRow>`
      select * from shard.device_brakes where device_id = ${deviceId} and space_id = ${space.id}`.execute(reader);
    const [row] = rows;
    const counts = row === undefined ? [] : readCounts(row.counts, nowMicros);
    const brake: Brake = {
      userId,
      counts,
      known: counts.length === 0 ? 0 : (row?.known ?? 0),
      measured: 0,
      freeUntil: row?.free_until ?? 0,
      suspendedAt: row?.suspended_at ?? null,
    };
    this.#brakes.set(deviceId, brake);
    return brake;
  }

  async #judge(work: Work, brake: Brake, total: Counted): Promise<void> {
    const now = sumOf([...brake.counts, total]);
    if (dependsOnKnown(now)) await this.#measure(work, brake, now);
    const reason = tooMany(now, brake.known);
    if (reason === undefined) return;
    brake.suspendedAt = work.nowMicros;
    brake.reason = reason;
    throw deviceSuspended(work.nowMicros);
  }

  /** Counts up to twice as many nodes as needed, so that the next count is due only after twice as many changes. */
  async #measure({ reader, space }: Work, brake: Brake, now: Counted): Promise<void> {
    if (tooMany(now, brake.known) === undefined || (brake.measured > 0 && brake.known < brake.measured)) return;
    const max = Math.max(knownMax + 1, now.rewritten * 8);
    // The rows still contain nodes that this transaction deletes.
    const { deleted } = sumOf(brake.counts);
    brake.measured = max + deleted;
    brake.known = deleted + (await countBelow(reader, space.id, [space.root_id], { max }));
  }
}

function added(before: Counted | undefined, { what }: BrakedChange, size: number): Counted {
  const { rewritten, deleted } = before ?? { rewritten: 0, deleted: 0 };
  return what === "rewritten" ? { rewritten: rewritten + size, deleted } : { rewritten, deleted: deleted + size };
}

async function sizeOf(work: Work, { deviceId, what, row }: BrakedChange): Promise<number> {
  const isOne = what === "rewritten" || row.kind !== "folder";
  return isOne ? 1 : countGoing(work, row.id, { deviceId, max: knownMax });
}
