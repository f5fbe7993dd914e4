import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId, UserId } from "@holdfast/core/ids";
import { isId } from "@holdfast/core/ids";
import type { ShreddingJson } from "@holdfast/protocol/shred-routes";
import { sql } from "kysely";
import type { AccountStore } from "../../features/accounts/context/account-world.ts";
import { unlessLastAdministrator } from "../../features/accounts/people/administrators.ts";
import { getUser } from "../../features/accounts/people/users.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { Cells } from "../../base/db/shards.ts";
import type { ShreddingFigures, ShreddingKnown } from "../../base/db/shredding-tables.ts";
import { measureAccount } from "./measure-account.ts";
import { measureOthers } from "./measure-others.ts";
import { describeShredding, newestBackup, readShredding, shreddingJson } from "./shreddings.ts";

export interface ShreddingWorld extends AccountStore {
  readonly cells: Cells;
  /** Starts the job; undefined outside of the server, which finds the request later. */
  readonly begin?: () => Promise<void>;
}

/**
 * The account cannot be restored afterwards. The job `shred` completes the removal. A repeated request continues the
 * same shredding. Offers to the account end, as do offers of an account that is leaving.
 * @param dryRun only reports the amount
 * @throws HoldfastError not_found; conflict for an account that is not suspended, the last administrator, or an account
 * with a running transfer
 */
export async function askShredding(
  world: ShreddingWorld,
  idOrEmail: string,
  { dryRun = false, hasLeft = false }: { readonly dryRun?: boolean; readonly hasLeft?: boolean } = {},
): Promise<ShreddingJson> {
  if (isId(idOrEmail)) {
    const userId = idOrEmail as UserId;
    const known = await readShredding(world.shards.ofId(userId).db, userId);
    if (known !== undefined) return describeShredding(world, userId);
  }
  const user = await getUser(world, idOrEmail);
  const figures = await measureAccount(world, user, world.clock.nowMicros());
  const known = { email: user.email, mounts: [] };
  if (dryRun) {
    const row = { user_id: user.id, known, figures, waits_for: null, done_at: null };
    const others = await measureOthers(world.shards, user, world.clock.nowMicros());
    return { ...shreddingJson(row, await newestBackup(world)), others };
  }
  await assertNoTransfer(world, user, hasLeft);
  await unlessLastAdministrator(world, user, () => beginShredding(world, user, figures));
  await world.begin?.();
  return describeShredding(world, user.id);
}

/** Stores the request without other checks. @throws HoldfastError conflict for an account that is not suspended */
export async function beginShredding(world: ShreddingWorld, user: UserRow, figures: ShreddingFigures): Promise<void> {
  const known: ShreddingKnown = { email: user.email, mounts: await findMountsOf(world, user) };
  await inTransaction(world.shards.ofId(user.id).db, async (transaction) => {
    const { rows } = await sql<Pick<UserRow, "disabled_at">>`
      select disabled_at from shard.users where id = ${user.id} for update`.execute(transaction);
    if (rows[0]?.disabled_at === null)
      throw new HoldfastError(
        "conflict",
        `${user.email} is not suspended. Suspend the account first (holdfast admin users disable ${user.email}).`,
      );
    await sql`
      insert into shard.shreddings (user_id, space_id, step, known, figures, asked_at)
      values (${user.id}, ${user.space_id}, 'rights', ${JSON.stringify(known)}::jsonb, ${JSON.stringify(figures)}::jsonb,
        ${world.clock.nowMicros()}::int8)
      on conflict (user_id) do nothing`.execute(transaction);
  });
}

/**
 * Running transfers must arrive or be withdrawn. Offers to the account, or from an account that left, do not count.
 * Indexes: primary key, transfers_to.
 */
async function assertNoTransfer({ shards }: ShreddingWorld, user: UserRow, hasLeft: boolean): Promise<void> {
  for (const { db } of shards.all()) {
    const { rows } = await sql`
      select from shard.transfers
      where (space_id = ${user.space_id} and (accepted_at is not null or not ${hasLeft}::boolean))
        or (to_id = ${user.id} and accepted_at is not null) limit 1`.execute(db);
    if (rows.length === 0) continue;
    throw new HoldfastError(
      "conflict",
      `A transfer from or to ${user.email} is open. Wait until it is accepted, declined or withdrawn.`,
    );
  }
}

/** Mounts that others have of the account's folders. Index: nodes_mounts. */
async function findMountsOf({ shards }: ShreddingWorld, user: UserRow): Promise<NodeId[]> {
  const found: NodeId[] = [];
  for (const { db } of shards.all()) {
    const { rows } = await sql<{ id: NodeId }>`
      select id from shard.nodes where kind = 'mount' and target_space = ${user.space_id}`.execute(db);
    found.push(...rows.map(({ id }) => id));
  }
  return found;
}
