import { toHoldfastError } from "@holdfast/core/errors";
import { type GroupId, isId, type UserId } from "@holdfast/core/ids";
import { z } from "zod";
import type { AccountStore } from "../accounts/context/account-world.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { enqueue } from "../../base/queue/enqueue.ts";
import type { Kinds } from "../../base/queue/kind.ts";
import type { Queue } from "../../base/queue/open-queue.ts";
import type { SharingWorld } from "../sharing/sharing-world.ts";
import { deliverMembership, deliverToAll } from "./deliver-membership.ts";
import { followEnd, followMembership } from "./follow-groups.ts";

export interface GroupWorld extends AccountStore {
  /** undefined in commands on the data folder, where messages wait for the server. */
  readonly queue?: Pick<Queue, "kick">;
}

const groupId = z
  .string()
  .refine(isId)
  .transform((id) => id as GroupId);
const userId = z
  .string()
  .refine(isId)
  .transform((id) => id as UserId);
const membership = z.object({ group_id: groupId, user_id: userId });
const ofAll = z.object({ group_id: groupId });

/** Messages contain only ids, and rows the content, so each may be processed late and twice. */
export function groupKinds(world: () => SharingWorld): Kinds {
  return {
    group_membership: {
      schema: membership,
      work: async (payload) => {
        const { group_id: group, user_id: user } = payload as z.output<typeof membership>;
        await followMembership(world(), group, user);
      },
    },
    group_end: {
      schema: ofAll,
      work: async (payload) => followEnd(world(), (payload as z.output<typeof ofAll>).group_id),
    },
    group_plan: {
      schema: ofAll,
      work: async (payload) => deliverToAll(world(), (payload as z.output<typeof ofAll>).group_id),
    },
  };
}

export function enqueueMembership(transaction: ShardQueries, group: GroupId, user: UserId): Promise<void> {
  const payload = { group_id: group, user_id: user };
  return enqueue(transaction, { kind: "group_membership", key: `${group} ${user}`, payload });
}

export function enqueueEnd(transaction: ShardQueries, group: GroupId): Promise<void> {
  return enqueue(transaction, { kind: "group_end", key: group, payload: { group_id: group } });
}

export function enqueuePlan(transaction: ShardQueries, group: GroupId): Promise<void> {
  return enqueue(transaction, { kind: "group_plan", key: group, payload: { group_id: group } });
}

/**
 * Called after the commit, so that the change applies to the member's next request. After a failure, the message
 * retries it.
 */
export async function deliverMembershipNow(world: GroupWorld, group: GroupId, user: UserId): Promise<void> {
  await deliverOrRetry(world, group, () => deliverMembership(world, group, user));
}

export async function deliverToAllNow(world: GroupWorld, group: GroupId): Promise<void> {
  await deliverOrRetry(world, group, () => deliverToAll(world, group));
}

async function deliverOrRetry(
  { shards, queue }: GroupWorld,
  group: GroupId,
  deliver: () => Promise<void>,
): Promise<void> {
  try {
    await deliver();
  } catch (error) {
    if (!toHoldfastError(error).retryable) throw error;
  } finally {
    queue?.kick(shards.ofId(group));
  }
}
