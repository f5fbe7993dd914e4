import { enqueue } from "../queue/enqueue.ts";
import { HoldfastError } from "@holdfast/core/errors";
import { isId, type UserId } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import type { user as userSchema } from "@holdfast/protocol/account-routes";
import { sql } from "kysely";
import type { z } from "zod";
import { inTransaction } from "../db/database.ts";
import type { UserRow } from "../db/account-tables.ts";
import type { ShardReader, SpaceRow } from "../db/shard-tables.ts";
import type { AccountStore } from "./account-world.ts";
import type { Caller } from "./caller.ts";
import { unlessLastAdministrator } from "./administrators.ts";
import { takeAddress, withAddress } from "./change-address.ts";
import { confirmIn } from "./confirm-address.ts";
import { findUser, findUserByEmail } from "./directory.ts";
import { hashNewPassword } from "./new-password.ts";
import { endAdministration, endPersonalTokens } from "./personal-tokens.ts";
import { takePlan } from "./plans.ts";
import { followPlans, setQuota } from "./quotas.ts";
import { removeSecondFactor } from "./second-factor.ts";

export type UserJson = z.output<typeof userSchema>;
const usageColumns = ["quota_bytes", "quota_fixed", "used_bytes", "stored_bytes"] as const;
/** Also whether there is a second factor: when it was switched on. */
type Facts = Pick<SpaceRow, (typeof usageColumns)[number]> & { readonly factor_since: number | null };

/** The name of the kind that tells whoever sees something of an account that it is suspended, or back. */
export const ownerStateKind = "owner_state";

export interface UserChange {
  readonly disabled?: boolean | undefined;
  /** One that is offered. */
  readonly plan?: string | undefined;
  /** In bytes; null: no limit; "plan": what its plans give from now on. */
  readonly quotaBytes?: number | null | "plan" | undefined;
  readonly password?: string | undefined;
  readonly admin?: boolean | undefined;
  /** As others see them. */
  readonly name?: string | undefined;
  /** Another address, which counts as not confirmed. */
  readonly email?: string | undefined;
  /** The administrator says that the address is theirs. */
  readonly confirmed?: true | undefined;
  /** False: the password is enough again. */
  readonly secondFactor?: false | undefined;
  /** Who does it; undefined beside the data. */
  readonly by?: Pick<Caller, "userId" | "credential"> | undefined;
}

/** By id or e-mail address. @throws HoldfastError not_found */
export async function getUser(store: AccountStore, idOrEmail: string): Promise<UserRow> {
  const user = isId(idOrEmail)
    ? await findUser(store.shards, idOrEmail as UserId)
    : await findUserByEmail(store.shards, idOrEmail);
  if (user === undefined) throw new HoldfastError("not_found", `There is no user ${idOrEmail}.`);
  return user;
}

/** Ordered by id, and so by time of creation, over all shards; the cursor is the last id given. */
export async function listUsers(
  store: AccountStore,
  request: { limit: number; cursor?: string | undefined },
): Promise<{ items: UserJson[]; next_cursor: string | null }> {
  const { limit, cursor } = request;
  if (cursor !== undefined && !isId(cursor)) {
    throw new HoldfastError("bad_request", "The cursor is not one that this list gave.", { field: "cursor" });
  }
  const pages = await Promise.all(
    store.shards.all().map(({ db }) => {
      const query = db
        .selectFrom("shard.users as u")
        .innerJoin("shard.spaces as s", "s.id", "u.space_id")
        .leftJoin("shard.second_factors as f", "f.user_id", "u.id")
        .selectAll("u")
        .select(["s.quota_bytes", "s.quota_fixed", "s.used_bytes", "s.stored_bytes", "f.since as factor_since"])
        .orderBy("u.id")
        .limit(limit + 1);
      return (cursor === undefined ? query : query.where("u.id", ">", cursor as UserId)).execute();
    }),
  );
  const rows = pages.flat().toSorted((left, right) => (left.id < right.id ? -1 : 1));
  const items = rows.slice(0, limit).map((row) => userJson(row, row));
  return { items, next_cursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

export async function describeUser(store: AccountStore, user: UserRow): Promise<UserJson> {
  return userJson(user, await readFacts(store, user));
}

/** An account and its space are on one shard. */
function readFacts(store: AccountStore, { id, space_id: spaceId }: Pick<UserRow, "id" | "space_id">): Promise<Facts> {
  return store.shards
    .ofId(spaceId)
    .db.selectFrom("shard.spaces")
    .leftJoin("shard.second_factors as f", (join) => join.on("f.user_id", "=", id))
    .select([...usageColumns, "f.since as factor_since"])
    .where("id", "=", spaceId)
    .executeTakeFirstOrThrow();
}

/**
 * Suspension and the end of a second factor end all sessions, a new password all sessions and personal access tokens, and whoever is no administrator any more has no
 * token with that scope, not even if made one again. All act on the next request.
 * @throws HoldfastError not_found, invalid_field for a plan that is not offered, exists for an address that somebody else has, conflict where it
 *   would leave nobody who can administer
 */
export async function updateUser(store: AccountStore, idOrEmail: string, change: UserChange): Promise<UserJson> {
  const user = await getUser(store, idOrEmail);
  if (change.secondFactor === false) assertMayEndFactor(user, change.by);
  const email = change.email?.trim();
  const owner = { email: email ?? user.email, name: change.name ?? user.name };
  const passwordHash =
    change.password === undefined ? undefined : await hashNewPassword(change.password, owner, "password");
  const set = () => applyChange(store, user, { ...change, email }, passwordHash);
  const apply = email === undefined ? set : () => withAddress(store, user, email, set);
  if (change.disabled === true || change.admin === false) await unlessLastAdministrator(store, user, apply);
  else await apply();
  store.queued?.(user.id);
  if (change.confirmed === true) await store.onConfirmed?.(user.id);
  return describeUser(store, await getUser(store, user.id));
}

/** An open browser, or a token that is stolen, is what a second factor is there for: the own one ends by its own code alone. */
function assertMayEndFactor({ id }: UserRow, by: UserChange["by"]): void {
  if (by?.userId === id) {
    const message =
      "End your own second factor with a code of it: in Settings, or by 'holdfast second-factor off'. Without one another administrator ends it, or 'holdfast admin users end-second-factor --data' on the server.";
    throw new HoldfastError("forbidden", message);
  }
  if (by?.credential?.kind === "token")
    throw new HoldfastError(
      "forbidden",
      "A personal access token ends nobody's second factor. Sign in with the password.",
    );
}

async function applyChange(
  store: AccountStore,
  user: UserRow,
  change: UserChange,
  passwordHash: string | undefined,
): Promise<void> {
  await inTransaction(store.shards.ofId(user.id).db, async (transaction) => {
    const now = await lockUnlessShredded(transaction, user);
    const plan = change.plan === undefined ? undefined : await takePlan(transaction, change.plan);
    const set = {
      ...(plan === undefined ? {} : { plan: plan.name }),
      ...(change.disabled === undefined ? {} : { disabled_at: change.disabled ? store.clock.nowMicros() : null }),
      ...(passwordHash === undefined ? {} : { password_hash: passwordHash }),
      ...(change.admin === undefined ? {} : { admin: change.admin }),
      ...(change.name === undefined ? {} : { name: change.name }),
    };
    if (Object.keys(set).length > 0) {
      await transaction.updateTable("shard.users").set(set).where("id", "=", user.id).execute();
    }
    if (change.email !== undefined) await takeAddress(transaction, now, change.email);
    if (change.confirmed === true) await confirmIn(transaction, user.id, store.clock.nowMicros());
    if (change.quotaBytes !== undefined) await setQuota(transaction, user, change.quotaBytes);
    else if (plan !== undefined) await followPlans(transaction, [user.id]);
    if (change.secondFactor === false) {
      await removeSecondFactor(transaction, user.id);
      await store.tellSecurity?.(transaction, user.id, "factor_ended");
    }
    if (change.disabled === true || passwordHash !== undefined || change.secondFactor === false) {
      await transaction.deleteFrom("shard.sessions").where("user_id", "=", user.id).execute();
    }
    if (change.disabled !== undefined && change.disabled !== (user.disabled_at !== null)) {
      await enqueue(transaction, { kind: ownerStateKind, key: user.id, payload: { user_id: user.id } });
    }
    if (passwordHash !== undefined) {
      await endPersonalTokens(transaction, user.id);
      await store.tellSecurity?.(transaction, user.id, "password");
    } else if (change.admin === false) await endAdministration(transaction, user.id);
  });
}

/** The account's row is locked, as by whoever asks for its shredding. @throws HoldfastError conflict */
async function lockUnlessShredded(transaction: ShardReader, { id, email }: UserRow): Promise<UserRow> {
  const locked = await sql<UserRow>`select * from shard.users where id = ${id} for update`.execute(transaction);
  const { rows } = await sql`select from shard.shreddings where user_id = ${id}`.execute(transaction);
  const [user] = locked.rows;
  if (rows.length > 0 || user === undefined)
    throw new HoldfastError("conflict", `${email} is being shredded, and nothing brings it back.`);
  return user;
}

function userJson(user: UserRow, facts: Facts): UserJson {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    admin: user.admin,
    disabled: user.disabled_at !== null,
    confirmed: user.email_confirmed_at !== null,
    second_factor: facts.factor_since !== null,
    plan: user.plan,
    quota_bytes: facts.quota_bytes,
    quota_fixed: facts.quota_fixed,
    used_bytes: facts.used_bytes,
    stored_bytes: facts.stored_bytes,
    created_at: formatTime(user.created_at),
  };
}
