import { enqueue } from "../../../base/queue/enqueue.ts";
import { HoldfastError } from "@holdfast/core/errors";
import { isId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { listedUser, user as userSchema } from "@holdfast/protocol/user-values";
import { sql } from "kysely";
import type { z } from "zod";
import { inTransaction } from "../../../base/db/database.ts";
import type { UserRow } from "../../../base/db/account-tables.ts";
import type { ShardQueries, SpaceRow } from "../../../base/db/shard-tables.ts";
import type { Shard } from "../../../base/db/shards.ts";
import { clearOwnAddresses } from "../callers/access-rules.ts";
import type { AccountStore } from "../context/account-world.ts";
import type { Caller } from "../context/caller.ts";
import { followAbsence } from "./absences.ts";
import { unlessLastAdministrator } from "./administrators.ts";
import { noteReaddressed, settleAddress, takeAddress, withAddress } from "./change-address.ts";
import { confirmIn } from "./confirm-address.ts";
import { findUser, findUserByEmail } from "../context/directory.ts";
import { type EndedWays, endWays, lockWays } from "./end-ways-in.ts";
import { forgetDevices } from "../passwords/known-device.ts";
import { hashNewPassword, withPassword } from "../passwords/new-password.ts";
import { releaseIdentity } from "./outside-directory.ts";
import { endAdministration, endPersonalTokens } from "./personal-tokens.ts";
import { assertPlainText } from "../context/plain-text.ts";
import { takePlan } from "./plans.ts";
import { followPlans, setQuota } from "./quotas.ts";
import { isRemovedSince, isSuspendedByIdentitySystem, noteSuspension } from "./removed-since.ts";
import { isOn, lockRow, removeSecondFactor } from "../factors/second-factor.ts";
import { isByToken, neededSignedIn } from "../callers/signed-in-only.ts";

export type UserJson = z.output<typeof userSchema>;
type ListedUserJson = z.output<typeof listedUser>;
const usageColumns = ["quota_bytes", "quota_fixed", "used_bytes", "stored_bytes"] as const;
type Facts = Pick<SpaceRow, (typeof usageColumns)[number]> & { readonly factor_since: number | null };

/** Message after an account is suspended or restored, for people who see something of it. */
export const ownerStateKind = "owner_state";

export interface UserChange {
  readonly disabled?: boolean | undefined;
  readonly plan?: string | undefined;
  /** Bytes; null: no limit; "plan": the quota of its plans. */
  readonly quotaBytes?: number | null | "plan" | undefined;
  readonly password?: string | undefined;
  /** Allowed only with a new password. */
  readonly ended?: EndedWays | undefined;
  readonly admin?: boolean | undefined;
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  /** The administrator vouches for the address. */
  readonly confirmed?: true | undefined;
  /** False ends the second factor. */
  readonly secondFactor?: false | undefined;
  /** Ends all sessions and tokens; the password stays. */
  readonly signedOut?: true | undefined;
  /** Change by the LDAP server, which suspends only active accounts and restores only those it suspended. */
  readonly byLdap?: true | undefined;
  /**
   * Change by an identity system, which suspends no administrator, and enables only accounts that it suspended and has
   * not removed since.
   */
  readonly byIdentitySystem?: true | undefined;
  /** undefined for commands beside the data. */
  readonly by?: Pick<Caller, "userId" | "credential"> | undefined;
}

/** @throws HoldfastError not_found */
export async function getUser(store: AccountStore, idOrEmail: string): Promise<UserRow> {
  const user = isId(idOrEmail)
    ? await findUser(store.shards, idOrEmail as UserId)
    : await findUserByEmail(store.shards, idOrEmail);
  if (user === undefined) throw noUser(idOrEmail);
  return user;
}

function noUser(idOrEmail: string): HoldfastError {
  return new HoldfastError("not_found", `There is no user ${idOrEmail}.`);
}

/** Null without a device or used token. Indexes: primary key of devices, tokens_user. */
const lastSeen = sql<number | null>`greatest(
  (select max(d.last_seen_at) from shard.devices d where d.user_id = u.id),
  (select max(t.last_used_at) from shard.tokens t where t.user_id = u.id))`;

/**
 * Ordered by creation. The cursor is the last id of the previous page, or the last one that its search read. No index
 * finds parts of names, so each page of a search reads a limited number of accounts, and may be short or empty.
 * @throws HoldfastError bad_request for an unknown cursor, invalid_field for a search without words or with too many
 */
export async function listUsers(
  store: AccountStore,
  request: { limit: number; cursor?: string | undefined; search?: string | undefined },
): Promise<{ items: ListedUserJson[]; next_cursor: string | null }> {
  const { limit, cursor, search } = request;
  if (cursor !== undefined && !isId(cursor)) {
    throw new HoldfastError("bad_request", "The cursor is not from this list.", { field: "cursor" });
  }
  const after = cursor as UserId | undefined;
  const words = search === undefined ? [] : wordsOf(search);
  const shards = store.shards.all();
  const ends = words.length === 0 ? [] : await Promise.all(shards.map((shard) => endOfSearch(shard, after)));
  const end = ends.filter((id) => id !== undefined).toSorted()[0];
  const pages = await Promise.all(
    shards.map(async (shard) => {
      const { db } = shard;
      let query = db
        .selectFrom("shard.users as u")
        .innerJoin("shard.spaces as s", "s.id", "u.space_id")
        .leftJoin("shard.second_factors as f", "f.user_id", "u.id")
        .selectAll("u")
        .select(["s.quota_bytes", "s.quota_fixed", "s.used_bytes", "s.stored_bytes", "f.since as factor_since"])
        .select(lastSeen.as("last_seen_at"))
        .orderBy("u.id")
        .limit(limit + 1);
      if (after !== undefined) query = query.where("u.id", ">", after);
      if (end !== undefined) query = query.where("u.id", "<=", end);
      if (words.length > 0) query = query.where(hasWords(words));
      const found = await query.execute();
      return found.map((row) => ({ row, isCurrent: store.shards.ofId(row.id) === shard }));
    }),
  );
  // A move leaves rows on the old shard for a while.
  const currentLast = pages.flat().toSorted((left, right) => Number(left.isCurrent) - Number(right.isCurrent));
  const byId = new Map(currentLast.map(({ row }) => [row.id, row]));
  const rows = [...byId.values()].toSorted((left, right) => (left.id < right.id ? -1 : 1));
  const items = rows.slice(0, limit).map(listedJson);
  return { items, next_cursor: (rows.length > limit ? items.at(-1)?.id : end) ?? null };
}

function listedJson(row: UserRow & Facts & { readonly last_seen_at: number | null }): ListedUserJson {
  return { ...userJson(row, row), last_seen_at: row.last_seen_at === null ? null : formatTime(row.last_seen_at) };
}

/** @throws HoldfastError invalid_field */
function wordsOf(search: string): string[] {
  const words = [...new Set(search.trim().split(/\s+/))];
  assertPlainText(words.join(" "), "search");
  if (words.length <= limits.searchWordsMax) return words;
  const message = `search: has more than ${limits.searchWordsMax} words.`;
  throw new HoldfastError("invalid_field", message, { field: "search" });
}

/**
 * Case and accents are ignored. The database folds both texts, so that they are folded equally, the account's only once
 * for all words. Wildcards are escaped after folding, because folding makes them from full-width characters.
 */
function hasWords(words: readonly string[]) {
  return sql<boolean>`shard.folded_name(u.name || ' ' || u.email) like all (array(
    select '%' || regexp_replace(shard.folded_name(word), '([\\\\%_])', '\\\\\\1', 'g') || '%'
    from unnest(${words}::text[]) word))`;
}

/** Last account of the shard that one page of a search reads; undefined: all are read. Index: primary key. */
async function endOfSearch({ db }: Shard, after: UserId | undefined): Promise<UserId | undefined> {
  const query = db
    .selectFrom("shard.users")
    .select("id")
    .orderBy("id")
    .offset(limits.peopleSearchedMax - 1)
    .limit(1);
  const last = await (after === undefined ? query : query.where("id", ">", after)).executeTakeFirst();
  return last?.id;
}

export async function describeUser(store: AccountStore, user: UserRow): Promise<UserJson> {
  return userJson(user, await readFacts(store, user));
}

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
 * Suspension and the end of a second factor end all sessions; a new password also ends personal access tokens and
 * forgets devices. A former administrator's tokens lose the administrative scopes permanently.
 * @throws HoldfastError not_found, invalid_field for a plan that is not offered, exists for another account's address,
 * conflict if nobody could administer afterwards, forbidden for a token whose holder could then sign in as an
 * administrator
 */
export async function updateUser(store: AccountStore, idOrEmail: string, change: UserChange): Promise<UserJson> {
  const user = await getUser(store, idOrEmail);
  assertEndsWithPassword(change);
  if (change.secondFactor === false || change.ended?.end_passkeys === true) assertMayEndFactor(user, change.by);
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

/** @throws HoldfastError invalid_field */
function assertEndsWithPassword({ password, ended = {} }: UserChange): void {
  const field = (["end_passkeys", "end_outside"] as const).find((name) => ended[name] === true);
  if (field === undefined || password !== undefined) return;
  throw new HoldfastError("invalid_field", `${field}: is only allowed with a new password.`, { field });
}

/** Administrators end their own factor only with its code, against strangers with an open browser or a stolen token. */
function assertMayEndFactor({ id }: UserRow, by: UserChange["by"]): void {
  if (by?.userId === id) {
    const message =
      "Turn off your own second factor with a code, in Settings or with 'holdfast second-factor off'. Without a code, another administrator can do it, or 'holdfast admin users end-second-factor --data' on the server.";
    throw new HoldfastError("forbidden", message);
  }
  if (isByToken(by)) throw neededSignedIn("cannot turn off a second factor");
}

/**
 * A stolen token must not let its holder sign in as another person.
 * @param now current row, under its lock
 * @throws HoldfastError forbidden
 */
function assertNotByToken(now: Pick<UserRow, "admin" | "disabled_at">, change: UserChange): void {
  if (now.admin && change.disabled === true && change.byIdentitySystem === true) throw sparesAdministrators();
  if (!isByToken(change.by)) return;
  if (change.admin === true && !now.admin) throw neededSignedIn("cannot make an account an administrator");
  // Afterwards the token could set that account's password.
  if (change.admin === false && now.admin) throw neededSignedIn("cannot remove an administrator's rights");
  const isBack = change.disabled === false && now.disabled_at !== null;
  if (isBack && (now.admin || change.byIdentitySystem !== true))
    throw neededSignedIn("cannot enable a suspended account");
  if (change.signedOut === true) throw neededSignedIn("cannot sign an account out");
  // A confirmed address gives the account everything shared with it.
  if (change.confirmed === true && change.byIdentitySystem !== true) throw neededSignedIn("cannot confirm an address");
  // Password resets are mailed to the address. Identity systems exist to change addresses.
  const changesSignIn = change.password !== undefined || change.email !== undefined;
  if (changesSignIn && (now.admin || change.byIdentitySystem !== true)) {
    throw neededSignedIn("cannot set an account's password or address");
  }
}

export function sparesAdministrators(): HoldfastError {
  return neededSignedIn("cannot suspend or remove an administrator by SCIM");
}

async function applyChange(
  store: AccountStore,
  user: UserRow,
  change: UserChange,
  passwordHash: string | undefined,
): Promise<void> {
  const keys = await inTransaction(store.shards.ofId(user.id).db, async (transaction) => {
    if (change.secondFactor === false && !isOn(await lockRow(transaction, user.id))) {
      throw new HoldfastError("conflict", `${user.email} has no second factor. Nothing was changed.`);
    }
    await lockWays(transaction, user.id, change.ended ?? {});
    const now = await lockUnlessShredded(transaction, user);
    assertNotByToken(now, change);
    if (change.byIdentitySystem === true && (await isRemovedSince(transaction, now))) throw noUser(user.id);
    const disabled = (await mayEnableOrDisable(transaction, now, change)) ? change.disabled : undefined;
    if (disabled !== undefined && !(await followAbsence(transaction, now, change, store.clock))) return [];
    const plan = change.plan === undefined ? undefined : await takePlan(transaction, change.plan);
    const nowMicros = store.clock.nowMicros();
    const set = {
      ...(plan === undefined ? {} : { plan: plan.name }),
      ...(disabled === undefined
        ? {}
        : {
            // The owner cannot restore a suspended account, and a restored one is not shredded at its former deadline.
            disabled_at: disabled ? nowMicros : null,
            leaving_until: null,
          }),
      ...(passwordHash === undefined ? {} : withPassword(passwordHash)),
      ...(change.admin === undefined ? {} : { admin: change.admin }),
      ...(change.name === undefined ? {} : { name: change.name }),
    };
    if (Object.keys(set).length > 0) {
      await transaction.updateTable("shard.users").set(set).where("id", "=", user.id).execute();
    }
    if (disabled === true && change.byIdentitySystem === true) await noteSuspension(transaction, user.id, nowMicros);
    if (change.email !== undefined) await takeAddress(store, transaction, now, change.email);
    if (change.email !== undefined && change.byIdentitySystem === true) {
      await noteReaddressed(transaction, now, change.email, nowMicros);
    }
    if (change.confirmed === true) await confirmIn(transaction, user.id, store.clock.nowMicros());
    if (change.confirmed === true && change.byIdentitySystem !== true) await settleAddress(transaction, now);
    if (change.quotaBytes !== undefined) await setQuota(transaction, user, change.quotaBytes);
    else if (plan !== undefined) await followPlans(transaction, [user.id]);
    if (change.secondFactor === false) {
      await removeSecondFactor(transaction, user.id);
      await store.notifySecurity?.(transaction, user.id, "factor_ended");
    }
    const endsSessions = disabled === true || passwordHash !== undefined || change.secondFactor === false;
    if (endsSessions || change.signedOut === true) {
      await transaction.deleteFrom("shard.sessions").where("user_id", "=", user.id).execute();
    }
    if (disabled !== undefined && disabled !== (user.disabled_at !== null)) {
      await enqueue(transaction, { kind: ownerStateKind, key: user.id, payload: { user_id: user.id } });
    }
    if (passwordHash !== undefined || change.signedOut === true) {
      await endPersonalTokens(transaction, user.id);
      await forgetDevices(transaction, user.id);
    }
    if (change.signedOut === true) await store.notifySecurity?.(transaction, user.id, "signed_out");
    if (passwordHash === undefined) {
      if (change.admin === false) await endAdministration(transaction, user.id);
      return [];
    }
    await clearOwnAddresses(transaction, user.id);
    await store.notifySecurity?.(transaction, user.id, "password");
    return endWays(store, transaction, user.id, { ...change.ended, endsFactor: true });
  });
  store.onEnded?.(user.space_id);
  for (const key of keys) await releaseIdentity(store, key, user.id);
}

/**
 * Identity systems send "active" with each change of a name, even for people whom an administrator suspended. They
 * suspend no account twice.
 */
async function mayEnableOrDisable(
  transaction: ShardQueries,
  now: UserRow,
  { disabled, byIdentitySystem }: UserChange,
): Promise<boolean> {
  if (byIdentitySystem !== true || now.disabled_at === null) return true;
  return disabled === false && (await isSuspendedByIdentitySystem(transaction, now));
}

/** Locks the account's row, as a request for its shredding does. @throws HoldfastError conflict */
export async function lockUnlessShredded(transaction: ShardQueries, { id, email }: UserRow): Promise<UserRow> {
  const locked = await sql<UserRow>`select * from shard.users where id = ${id} for update`.execute(transaction);
  const { rows } = await sql`select from shard.shreddings where user_id = ${id}`.execute(transaction);
  const [user] = locked.rows;
  if (rows.length > 0 || user === undefined)
    throw new HoldfastError("conflict", `${email} is being shredded and cannot be restored.`);
  return user;
}

function userJson(user: UserRow, facts: Facts): UserJson {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    admin: user.admin,
    disabled: user.disabled_at !== null,
    leaving_until: user.leaving_until === null ? null : formatTime(user.leaving_until),
    confirmed: user.email_confirmed_at !== null && user.readdressed_at === null,
    second_factor: facts.factor_since !== null,
    plan: user.plan,
    quota_bytes: facts.quota_bytes,
    quota_fixed: facts.quota_fixed,
    used_bytes: facts.used_bytes,
    stored_bytes: facts.stored_bytes,
    created_at: formatTime(user.created_at),
  };
}
