import { HoldfastError } from "@holdfast/core/errors";
import { type GroupId, isId, toBucket, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { AccessRuleJson } from "@holdfast/protocol/access-rule-routes";
import { sql } from "kysely";
import { textArray, uuidArray } from "../../../base/db/array-parameters.ts";
import type { AccessRuleRow } from "../../../base/db/account-tables.ts";
import { inTransaction } from "../../../base/db/database.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import type { Shards } from "../../../base/db/shards.ts";
import { wholeServer } from "../callers/access-rules.ts";
import type { AccountStore, AccountWorld } from "../context/account-world.ts";
import { isInList, isWithin, readNetwork } from "../callers/address-list.ts";
import type { Caller } from "../context/caller.ts";
import { type Proof, withProof } from "./change-second-factor.ts";
import { proofRequired } from "../callers/session-proof.ts";
import { isByToken, neededSignedIn } from "../callers/signed-in-only.ts";
import { getUser } from "../people/users.ts";

export interface RuleChange {
  /** Neither group nor user: the whole server. */
  readonly group_id?: string | undefined;
  readonly user?: string | undefined;
  readonly second_factor?: { readonly required: boolean; readonly grace_seconds?: number | undefined } | undefined;
  readonly addresses?: readonly string[] | undefined;
}

/** address: undefined for commands beside the data, which cannot lock themselves out. */
export interface Asker {
  readonly caller: Pick<Caller, "userId" | "groupIds"> & Partial<Pick<Caller, "credential">>;
  readonly address: string | undefined;
}

interface Subject {
  readonly of: AccessRuleJson["of"];
  readonly id: string;
  readonly name: string | null;
}

/**
 * Requires a second factor or limits addresses, from the next request on. Rules of groups and the server are written on
 * every shard, starting with the one that `spreadAccessRules` copies. The next start completes an interrupted change.
 * @throws HoldfastError not_found, invalid_field, locked during another such change, conflict if it would shut out the
 * caller, forbidden for a token that relaxes a rule or narrows the networks of an administrator
 */
export async function changeAccessRule(store: AccountStore, asker: Asker, change: RuleChange): Promise<AccessRuleJson> {
  const onlyNarrows = isByToken(asker.caller);
  // Rejected even if there is nothing to relax.
  if (onlyNarrows && (change.second_factor?.required === false || change.addresses?.length === 0)) throw takesBack();
  const subject = await readSubject(store, change);
  const addresses = change.addresses === undefined ? undefined : readNetworks(change.addresses);
  assertNotShutOut(asker, subject, addresses ?? []);
  const isBinding = onlyNarrows && addresses !== undefined;
  const due = dueAt(store, change.second_factor);
  const nowMicros = store.clock.nowMicros();
  const set = (db: ShardQueries, by: Pick<Written, "mayOnlyNarrow" | "bindsAdministrator">) =>
    writeRule(db, subject, { due, addresses, ...by, nowMicros });
  if (subject.of === "user") {
    const bindsAdministrator = isBinding && (await hasAdministratorIn(store.shards, [subject.id as UserId]));
    const by = { mayOnlyNarrow: onlyNarrows, bindsAdministrator };
    return ruleJson(subject, await inTransaction(store.shards.ofId(subject.id as UserId).db, (db) => set(db, by)));
  }
  return changingShared(store.shards, () =>
    holdingMembers(store.shards, subject, async (members) => {
      const bindsAdministrator =
        isBinding && (members === undefined || (await hasAdministratorIn(store.shards, members)));
      const written = [];
      for (const [index, db] of inOrder(store.shards).entries()) {
        // Another shard's older rule is overwritten.
        const by = { mayOnlyNarrow: onlyNarrows && index === 0, bindsAdministrator };
        written.push(await inTransaction(db, (each) => set(each, by)));
      }
      return ruleJson(subject, written[0]);
    }),
  );
}

/**
 * Orders changes of rules that are on all shards.
 * @throws HoldfastError locked during another such change
 */
export function changingShared<Result>(shards: Shards, change: () => Promise<Result>): Promise<Result> {
  return inTransaction(shards.of(toBucket(0)).db, async (transaction) => {
    const { rows } = await sql<{ taken: boolean }>`
      select pg_try_advisory_xact_lock(hashtextextended('holdfast access rules', 0)) as taken`.execute(transaction);
    if (rows[0]?.taken === true) return change();
    throw new HoldfastError("locked", "Another change of the same kind is in progress. Try again.", {
      retryAfterSeconds: 1,
    });
  });
}

/** Copies rules of groups and the server from bucket 0's shard to shards that were down or are new. */
export async function spreadAccessRules(shards: Shards): Promise<void> {
  const [first, ...others] = inOrder(shards);
  if (first === undefined || others.length === 0) return;
  const rows = await readSharedRules(first);
  const ids = rows.map((row) => row.subject_id);
  for (const db of others) {
    await sql`delete from shard.access_rules where ${isShared} and subject_id <> all(${ids}::uuid[])`.execute(db);
    for (const row of rows) await insertRule(db, row);
  }
}

const isShared = sql`not exists (select from shard.users u where u.id = subject_id)`;

export async function readSharedRules(db: ShardQueries): Promise<AccessRuleRow[]> {
  const { rows } = await sql<AccessRuleRow>`select * from shard.access_rules where ${isShared}`.execute(db);
  return rows;
}

export async function removeAccessRules(shards: Shards, subjectId: GroupId): Promise<void> {
  for (const { db } of shards.all()) {
    await sql`delete from shard.access_rules where subject_id = ${subjectId}`.execute(db);
  }
}

/**
 * @throws HoldfastError forbidden for a personal access token, invalid_field, second_factor, conflict if it would shut
 * out the caller
 */
export async function setOwnAddresses(
  world: AccountWorld,
  caller: Caller,
  request: { readonly proof: Proof; readonly addresses: readonly string[]; readonly address: string },
  source: string,
): Promise<string[]> {
  const addresses = readNetworks(request.addresses);
  const { userId } = caller;
  assertNotShutOut({ caller, address: request.address }, { of: "user", id: userId, name: null }, addresses);
  const by = { proof: request.proof, source, what: "cannot limit the networks of an account" };
  await withProof(world, caller, by, async (transaction) => {
    const row = await lockRule(transaction, userId);
    await settle(transaction, { ...row, own_addresses: addresses });
    await world.notifySecurity?.(transaction, userId, "own_addresses");
  });
  return addresses;
}

export async function readOwnAddresses({ shards }: AccountStore, userId: UserId): Promise<string[]> {
  const { rows } = await sql<Pick<AccessRuleRow, "own_addresses">>`
    select own_addresses from shard.access_rules where subject_id = ${userId}`.execute(shards.ofId(userId).db);
  return rows[0]?.own_addresses ?? [];
}

/** Checks the group's rule for somebody who joins voluntarily. @throws HoldfastError conflict */
export async function assertMayJoin({ shards }: AccountStore, groupId: GroupId, address: string | undefined) {
  if (address === undefined) return;
  const { rows } = await sql<Pick<AccessRuleRow, "addresses">>`
    select addresses from shard.access_rules where subject_id = ${groupId}`.execute(shards.ofId(groupId).db);
  if (!isInList(rows[0]?.addresses ?? [], address)) throw shutsOut(address);
}

/** @throws HoldfastError conflict if the caller would be shut out at the current address */
function assertNotShutOut({ caller, address }: Asker, subject: Subject, addresses: readonly string[]): void {
  if (address === undefined || isInList(addresses, address)) return;
  const { userId, groupIds } = caller;
  if (subject.of !== "server" && subject.id !== userId && !groupIds.includes(subject.id as GroupId)) return;
  throw shutsOut(address);
}

function shutsOut(address: string): HoldfastError {
  const message = `This would lock you out: your address ${address} is in none of these networks. Add a network that contains it. On the server itself, 'holdfast admin allow-addresses --data' accepts any networks.`;
  return new HoldfastError("conflict", message, { field: "addresses" });
}

/**
 * A stolen token may tighten a rule, never relax it. Runs under the rule's lock.
 * @throws HoldfastError forbidden
 */
function assertNarrows(row: AccessRuleRow, { due, addresses = [], bindsAdministrator, nowMicros }: Written): void {
  const { factor_due_at: before } = row;
  // Scripts may repeat a due requirement.
  const isLater = before !== null && due !== undefined && (due === null || due > Math.max(before, nowMicros));
  const isWider = row.addresses.length > 0 && !addresses.every((network) => isWithin(row.addresses, network));
  if (isLater || isWider) throw takesBack();
  const isAsBefore = row.addresses.length > 0 && row.addresses.every((network) => isWithin(addresses, network));
  if (bindsAdministrator && !isAsBefore) {
    throw neededSignedIn("cannot limit the networks of the server, or of an account or group with an administrator");
  }
}

/**
 * Only signed-in administrators limit their own networks: a script's address says nothing about the administrator's,
 * and a stolen token could shut everybody out with one request. Index: users_admin.
 */
async function hasAdministratorIn(shards: Shards, ids: readonly UserId[]): Promise<boolean> {
  for (const { db } of shards.all()) {
    const { rows } = await sql`
      select from shard.users where admin and id = any(${uuidArray(ids)}) limit 1`.execute(db);
    if (rows.length > 0) return true;
  }
  return false;
}

/** Passes a group's members, to whom nobody can be added during the work. undefined: the server, thus everybody. */
function holdingMembers<Result>(
  shards: Shards,
  { of, id }: Subject,
  work: (members: readonly UserId[] | undefined) => Promise<Result>,
): Promise<Result> {
  if (of !== "group") return work(undefined);
  return inTransaction(shards.ofId(id as GroupId).db, async (transaction) => {
    // Adding a member takes the same lock.
    await sql`select from shard.groups where id = ${id} for update`.execute(transaction);
    const { rows } = await sql<{ user_id: UserId }>`
      select user_id from shard.group_members where group_id = ${id}`.execute(transaction);
    return work(rows.map(({ user_id: userId }) => userId));
  });
}

function takesBack(): HoldfastError {
  return neededSignedIn("cannot relax access rules");
}

interface GroupActor {
  readonly administrates: boolean;
  readonly byToken?: boolean;
  readonly lacksProof?: boolean;
}

/**
 * An access rule ends for a member who leaves its group, and with the group, so only administrators may cause either.
 * @throws HoldfastError forbidden, proof_required
 */
export async function assertUnboundBy(
  reader: ShardQueries,
  groupId: GroupId,
  { administrates, byToken = false, lacksProof = false }: GroupActor,
): Promise<void> {
  if (administrates && !byToken && !lacksProof) return;
  if (!(await isBound(reader, groupId))) return;
  if (byToken) throw takesBack();
  if (administrates) throw proofRequired();
  const message =
    "An access rule applies to this group: only an administrator can remove a member or delete the group.";
  throw new HoldfastError("forbidden", message);
}

/** The group's access rule would bind an administrator who is added. @throws HoldfastError forbidden */
export async function assertMayBind(
  reader: ShardQueries,
  groupId: GroupId,
  { administrates, byToken = false }: GroupActor,
): Promise<void> {
  if ((administrates && !byToken) || !(await isBound(reader, groupId))) return;
  const message =
    "An access rule applies to this group: only a signed-in administrator can add an administrator to it.";
  throw new HoldfastError("forbidden", message);
}

async function isBound(reader: ShardQueries, groupId: GroupId): Promise<boolean> {
  const { rows } = await sql`select from shard.access_rules where subject_id = ${groupId}`.execute(reader);
  return rows.length > 0;
}

/** @throws HoldfastError not_found, invalid_field */
async function readSubject(store: AccountStore, { group_id: groupId, user }: RuleChange): Promise<Subject> {
  if (groupId !== undefined && user !== undefined) {
    throw new HoldfastError("invalid_field", "user: specify a group or an account, not both.", { field: "user" });
  }
  if (user !== undefined) {
    const { id, email } = await getUser(store, user);
    return { of: "user", id, name: email };
  }
  if (groupId === undefined) return { of: "server", id: wholeServer, name: null };
  const group = isId(groupId) ? await findGroup(store.shards, groupId) : undefined;
  if (group === undefined) throw new HoldfastError("not_found", "There is no such group.", { field: "group_id" });
  return { of: "group", id: groupId, name: group.name };
}

async function findGroup(shards: Shards, id: string): Promise<{ name: string } | undefined> {
  const { rows } = await sql<{ name: string }>`select name from shard.groups where id = ${id}`.execute(
    shards.ofId(id as GroupId).db,
  );
  return rows[0];
}

function readNetworks(texts: readonly string[]): string[] {
  if (texts.length > limits.addressNetworksMax) {
    throw new HoldfastError("invalid_field", `addresses: at most ${limits.addressNetworksMax} networks.`, {
      field: "addresses",
    });
  }
  return [...new Set(texts.map(readNetwork))];
}

function dueAt({ clock }: AccountStore, asked: RuleChange["second_factor"]): number | null | undefined {
  if (asked === undefined) return undefined;
  return asked.required ? clock.nowMicros() + (asked.grace_seconds ?? 0) * 1_000_000 : null;
}

interface Written {
  readonly due: number | null | undefined;
  readonly addresses: readonly string[] | undefined;
  readonly mayOnlyNarrow: boolean;
  readonly bindsAdministrator: boolean;
  readonly nowMicros: number;
}

async function writeRule(db: ShardQueries, { id }: Subject, written: Written): Promise<AccessRuleRow> {
  const { due, addresses } = written;
  const row = await lockRule(db, id);
  if (written.mayOnlyNarrow) assertNarrows(row, written);
  const isCleared = addresses?.length === 0;
  return settle(db, {
    ...row,
    factor_due_at: due === undefined ? row.factor_due_at : due,
    addresses: [...(addresses ?? row.addresses)],
    own_addresses: isCleared ? [] : row.own_addresses,
  });
}

/** Creates a missing row, so that concurrent changes wait for each other. */
async function lockRule(db: ShardQueries, id: string): Promise<AccessRuleRow> {
  await sql`insert into shard.access_rules (subject_id) values (${id}) on conflict do nothing`.execute(db);
  const { rows } = await sql<AccessRuleRow>`
    select * from shard.access_rules where subject_id = ${id} for update`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new HoldfastError("conflict", "It was changed in the meantime. Try again.");
  return row;
}

/** Deletes an empty rule: an empty table costs requests nothing. */
async function settle(db: ShardQueries, row: AccessRuleRow): Promise<AccessRuleRow> {
  const isNothing = row.factor_due_at === null && row.addresses.length === 0 && row.own_addresses.length === 0;
  if (isNothing) await sql`delete from shard.access_rules where subject_id = ${row.subject_id}`.execute(db);
  else await insertRule(db, row);
  return row;
}

export async function insertRule(db: ShardQueries, row: AccessRuleRow): Promise<void> {
  await sql`
    insert into shard.access_rules (subject_id, factor_due_at, addresses, own_addresses)
    values (${row.subject_id}, ${row.factor_due_at}, ${textArray(row.addresses)}, ${textArray(row.own_addresses)})
    on conflict (subject_id) do update set factor_due_at = excluded.factor_due_at, addresses = excluded.addresses,
      own_addresses = excluded.own_addresses`.execute(db);
}

/** Starts with the shard that `spreadAccessRules` copies. */
export function inOrder(shards: Shards) {
  const first = shards.of(toBucket(0));
  return [first, ...shards.all().filter((shard) => shard !== first)].map(({ db }) => db);
}

export function ruleJson({ of, id, name }: Subject, row: AccessRuleRow | undefined): AccessRuleJson {
  return {
    of,
    id: of === "server" ? null : id,
    name,
    second_factor_due_at: row?.factor_due_at == null ? null : formatTime(row.factor_due_at),
    addresses: row?.addresses ?? [],
    own_addresses: row?.own_addresses ?? [],
  };
}
