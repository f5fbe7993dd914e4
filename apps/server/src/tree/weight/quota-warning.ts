import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { z } from "zod";
import type { ShardQueries, SpaceRow } from "../../base/db/shard-tables.ts";
import { enqueue } from "../../base/queue/enqueue.ts";
import type { Kind } from "../../base/queue/kind.ts";

export interface QuotaWarning {
  /** The same id if the warning is repeated. */
  readonly id: string;
  readonly userId: UserId;
  /** Highest threshold reached. */
  readonly percent: number;
  readonly usedBytes: number;
  readonly quotaBytes: number;
}

/** Reports a warning to its account. May be called twice for one warning, even after it resolved. */
export type OnQuotaWarning = (warning: QuotaWarning) => Promise<void>;

const kind = "quota_warning";
const payload = z.object({ user_id: z.string(), percent: z.int(), used_bytes: z.int(), quota_bytes: z.int() });

/** All functions run again if one throws. */
export function quotaWarningKind(listeners: readonly OnQuotaWarning[]): Readonly<Record<typeof kind, Kind>> {
  return {
    [kind]: {
      schema: payload,
      work: async (given, { id }) => {
        const { user_id, percent, used_bytes, quota_bytes } = payload.parse(given);
        const warning = { id, userId: user_id as UserId, percent, usedBytes: used_bytes, quotaBytes: quota_bytes };
        for (const onQuotaWarning of listeners) await onQuotaWarning(warning);
      },
    },
  };
}

const marks = [limits.quotaFullPercent, limits.quotaNearPercent] as const;

/**
 * Must be called under the space lock after the space's usage or quota changed. Enqueues a warning when a threshold is
 * reached, and again only after usage was well below it.
 * @returns true if a message was enqueued
 */
export async function settleWarning(transaction: ShardQueries, space: SpaceRow): Promise<boolean> {
  const { id, owner_id, used_bytes, quota_bytes, quota_warned } = space;
  const percent = markOf(space);
  if (percent === quota_warned) return false;
  await sql`update shard.spaces set quota_warned = ${percent} where id = ${id}`.execute(transaction);
  if (percent < quota_warned || quota_bytes === null) return false;
  const message = { user_id: owner_id, percent, used_bytes, quota_bytes } satisfies z.input<typeof payload>;
  await enqueue(transaction, { kind, payload: message, key: owner_id });
  return true;
}

/** Returns the highest threshold that is reached, or that was reported and is still near; 0 for none. */
export function markOf(space: Pick<SpaceRow, "used_bytes" | "quota_bytes" | "quota_warned">): number {
  const { used_bytes, quota_bytes, quota_warned } = space;
  if (quota_bytes === null || used_bytes === 0) return 0;
  const isAbove = (percent: number) => used_bytes * 100 >= percent * quota_bytes;
  const isNear = (mark: number) => mark <= quota_warned && isAbove(mark - limits.quotaWarningSlackPercent);
  return marks.find((mark) => isAbove(mark) || isNear(mark)) ?? 0;
}
