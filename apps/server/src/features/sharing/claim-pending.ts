import { toHoldfastError } from "@holdfast/core/errors";
import { type GrantId, isId, type SpaceId, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { z } from "zod";
import { claimKind } from "../accounts/people/confirm-address.ts";
import { findUserByEmail, findUser } from "../accounts/context/directory.ts";
import { emailKey } from "../accounts/context/email-address.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import { pendingKind } from "../../tree/commit/enqueue-grant.ts";
import type { Kinds } from "../../base/queue/kind.ts";
import { changeRights, removeGrants, type RightsChange } from "./change-rights.ts";
import { endInvitations } from "./invite-pending.ts";
import type { SharingWorld } from "./sharing-world.ts";

const claimMessage = z.object({ user_id: z.string().refine(isId) });
/** Messages of servers before 131 do not name the grantee. */
const pendingMessage = z.object({
  grantId: z.string(),
  spaceId: z.string(),
  emailKey: z.string().nullable().optional(),
});

/** An account and its pending grants may appear in any order, so both follow the current rows. */
export function claimKinds(world: () => SharingWorld): Kinds {
  return {
    [claimKind]: {
      schema: claimMessage,
      work: async (payload) => claimPending(world(), (payload as z.output<typeof claimMessage>).user_id as UserId),
    },
    [pendingKind]: {
      schema: pendingMessage,
      work: async (payload) => claimOne(world(), payload as z.output<typeof pendingMessage>),
    },
  };
}

/** Claims immediately after the confirmation. After a failure, the message completes the claim. */
export async function claimNow(world: SharingWorld, userId: UserId): Promise<void> {
  try {
    await claimPending(world, userId);
  } catch (error) {
    if (!toHoldfastError(error).retryable) throw error;
  } finally {
    world.queue.kick(world.shards.ofId(userId));
  }
}

/** Gives pending grants for a confirmed address to its account, on all shards. Can be repeated. */
export async function claimPending(world: SharingWorld, userId: UserId): Promise<void> {
  const asked = await findUser(world.shards, userId);
  const user = asked === undefined ? undefined : await findUserByEmail(world.shards, asked.email);
  // If two sign-ups have one address, the directory decides.
  if (user?.id !== userId || user.email_confirmed_at === null) return;
  for (const { db } of world.shards.all()) {
    // Index: grants_email.
    const { rows } = await sql<{ space_id: SpaceId }>`
      select distinct space_id from shard.grants
      where kind = 'pending' and email_key = ${emailKey(user.email)}`.execute(db);
    for (const { space_id: spaceId } of rows) await claimIn(world, spaceId, user);
  }
}

/** Grant and account may have been created simultaneously. If the grant is gone, its invitations must end. */
async function claimOne(world: SharingWorld, message: z.output<typeof pendingMessage>): Promise<void> {
  const { grantId, spaceId, emailKey: wasFor } = message;
  // Taken before the lookup: later shares have a newer invitation.
  const lookedAtMicros = world.clock.nowMicros();
  const { rows } = await sql<{ email_key: string | null }>`
    select email_key from shard.grants where space_id = ${spaceId} and id = ${grantId} and kind = 'pending'`.execute(
    world.shards.ofId(spaceId as SpaceId).db,
  );
  const key = rows[0]?.email_key ?? undefined;
  if (key === undefined && typeof wasFor === "string") await endInvitations(world, wasFor, lookedAtMicros);
  const user = key === undefined ? undefined : await findUserByEmail(world.shards, key);
  if (user !== undefined) await claimPending(world, user.id);
}

async function claimIn(world: SharingWorld, spaceId: SpaceId, user: UserRow): Promise<void> {
  await changeRights(world, spaceId, { userId: user.id, deviceId: null }, async (rights) => {
    const { rows } = await sql<GrantRow>`
      select * from shard.grants
      where space_id = ${spaceId} and kind = 'pending' and email_key = ${emailKey(user.email)}`.execute(
      rights.transaction,
    );
    const superfluous: GrantId[] = [];
    for (const grant of rows) {
      if (await hasRight(rights, grant, user)) superfluous.push(grant.id);
      else await hand(rights, grant, user);
    }
    await removeGrants(rights, superfluous);
  });
}

/** The owner needs no grant; a direct grant to the account is newer. */
async function hasRight({ transaction, space }: RightsChange, grant: GrantRow, { id }: UserRow): Promise<boolean> {
  if (space.owner_id === id) return true;
  const { rows } = await sql`
    select from shard.grants
    where space_id = ${space.id} and node_id = ${grant.node_id} and grantee_id = ${id}`.execute(transaction);
  return rows.length > 0;
}

async function hand({ transaction, space, notify }: RightsChange, grant: GrantRow, { id }: UserRow): Promise<void> {
  const { rows } = await sql<GrantRow>`
    update shard.grants set kind = 'user', grantee_id = ${id}, email = null, email_key = null
    where space_id = ${space.id} and id = ${grant.id} returning *`.execute(transaction);
  for (const row of rows) await notify(row);
}
