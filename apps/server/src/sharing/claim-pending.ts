import { toHoldfastError } from "@holdfast/core/errors";
import { type GrantId, isId, type SpaceId, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { z } from "zod";
import { claimKind } from "../accounts/confirm-address.ts";
import { findUserByEmail, findUser } from "../accounts/directory.ts";
import { emailKey } from "../accounts/email-address.ts";
import type { UserRow } from "../db/account-tables.ts";
import type { GrantRow } from "../db/shard-tables.ts";
import { pendingKind } from "../metadata/commit/enqueue-grant.ts";
import type { Kinds } from "../queue/kind.ts";
import { changeRights, removeGrants, type RightsChange } from "./change-rights.ts";
import { endInvitations } from "./invite-pending.ts";
import type { SharingWorld } from "./sharing-world.ts";

const claimMessage = z.object({ user_id: z.string().refine(isId) });
/** Those of a server before 131 do not say for whom. */
const pendingMessage = z.object({
  grantId: z.string(),
  spaceId: z.string(),
  emailKey: z.string().nullable().optional(),
});

/** Both do what the rows say when they are worked: an account and what waits for it meet, whichever was there first. */
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

/** The same as soon as it is confirmed. What cannot be done just now the message does later. */
export async function claimNow(world: SharingWorld, userId: UserId): Promise<void> {
  try {
    await claimPending(world, userId);
  } catch (error) {
    if (!toHoldfastError(error).retryable) throw error;
  } finally {
    world.queue.kick(world.shards.ofId(userId));
  }
}

/** Grants that wait for an address become those of the account that has it, on all shards, once it is confirmed. May run twice. */
export async function claimPending(world: SharingWorld, userId: UserId): Promise<void> {
  const asked = await findUser(world.shards, userId);
  const user = asked === undefined ? undefined : await findUserByEmail(world.shards, asked.email);
  // Of two sign-ups with one address the directory says who has it.
  if (user?.id !== userId || user.email_confirmed_at === null) return;
  for (const { db } of world.shards.all()) {
    // By grants_email.
    const { rows } = await sql<{ space_id: SpaceId }>`
      select distinct space_id from shard.grants
      where kind = 'pending' and email_key = ${emailKey(user.email)}`.execute(db);
    for (const { space_id: spaceId } of rows) await claimIn(world, spaceId, user);
  }
}

/** It may have been made while the account was, each without knowing of the other; or it is gone, and what was mailed for it has to end. */
async function claimOne(world: SharingWorld, message: z.output<typeof pendingMessage>): Promise<void> {
  const { grantId, spaceId, emailKey: wasFor } = message;
  // Before the look: what is shared from here on has an invitation that is younger.
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

/** The owner needs none, and one that was given to the account itself is newer. */
async function hasRight({ transaction, space }: RightsChange, grant: GrantRow, { id }: UserRow): Promise<boolean> {
  if (space.owner_id === id) return true;
  const { rows } = await sql`
    select from shard.grants
    where space_id = ${space.id} and node_id = ${grant.node_id} and grantee_id = ${id}`.execute(transaction);
  return rows.length > 0;
}

async function hand({ transaction, space, tell }: RightsChange, grant: GrantRow, { id }: UserRow): Promise<void> {
  const { rows } = await sql<GrantRow>`
    update shard.grants set kind = 'user', grantee_id = ${id}, email = null, email_key = null
    where space_id = ${space.id} and id = ${grant.id} returning *`.execute(transaction);
  for (const row of rows) await tell(row);
}
