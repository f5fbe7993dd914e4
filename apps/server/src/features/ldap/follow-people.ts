import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { updateUser } from "../accounts/people/users.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import { type ClaimsWorld, followClaims } from "../issuer/follow-claims.ts";
import { type Bounds, reasonOf, talk } from "./conversation.ts";
import { findBySubjects, hasPeople, type Person, readGroups } from "./find-people.ts";
import { followQuota } from "./follow-quota.ts";
import { noteRun } from "./ldap-runs.ts";
import { issuerOf } from "./ldap-settings.ts";
import type { LdapSettings } from "../../base/config/ldap-settings.ts";

type Linked = UserRow & { readonly subject: string; readonly absent: boolean };

interface Seen {
  readonly user: Linked;
  /** undefined: not found. */
  readonly person: Person | undefined;
  readonly groups: string[] | null;
}

/** People per connection. */
const atOnceMax = 100;
const bounds: Bounds = { ms: 60_000, bytes: 16 * 1024 * 1024 };

/**
 * Looks up everyone who is linked to the LDAP server; then suspends missing people, enables returning ones, and updates
 * groups and quota. Changes nothing if the server fails, has no people, or lacks too many.
 * @throws HoldfastError unavailable, failed
 */
export async function followPeople(world: ClaimsWorld, settings: LdapSettings, signal: AbortSignal): Promise<void> {
  try {
    const seen = await lookUp(world, settings, signal);
    assertNotTooMany(settings, seen);
    await applyAll(world, seen, signal);
    await noteRun(world.shards, world.clock.nowMicros(), undefined);
  } catch (error) {
    const problem = problemOf(error);
    if (!signal.aborted) await noteRun(world.shards, world.clock.nowMicros(), problem);
    throw new HoldfastError("failed", problem, { cause: error as Error });
  }
}

async function lookUp(world: ClaimsWorld, settings: LdapSettings, signal: AbortSignal): Promise<Seen[]> {
  const linked = await readLinked(world, settings);
  const seen: Seen[] = [];
  for (let at = 0; at < linked.length; at += atOnceMax) {
    signal.throwIfAborted();
    const some = linked.slice(at, at + atOnceMax);
    seen.push(...(await talk(settings, bounds, (conversation) => lookAtSome(conversation, settings, some))));
  }
  return seen;
}

async function lookAtSome(
  conversation: Parameters<Parameters<typeof talk>[2]>[0],
  settings: LdapSettings,
  some: readonly Linked[],
): Promise<Seen[]> {
  if (!(await hasPeople(conversation, settings))) throw new Error("it has no people below the base");
  const subjects = [...new Set(some.map(({ subject }) => subject))];
  const found = await findBySubjects(conversation, settings, subjects);
  const seen: Seen[] = [];
  for (const user of some) {
    // Missing people are looked up again one by one, because a server may return incomplete results.
    const person =
      found.get(user.subject) ?? (await findBySubjects(conversation, settings, [user.subject])).get(user.subject);
    const groups = person === undefined ? null : await readGroups(conversation, settings, person);
    seen.push({ user, person, groups });
  }
  return seen;
}

/** Permits at least one suspension. */
function assertNotTooMany({ absentShareMax, name }: LdapSettings, seen: readonly Seen[]): void {
  const present = seen.filter(({ user }) => !user.absent && user.disabled_at === null);
  const gone = present.filter(({ person }) => person === undefined);
  const mayGo = Math.max(1, Math.floor(present.length * absentShareMax));
  if (gone.length <= mayGo) return;
  const message = `${name} no longer has ${gone.length} of ${present.length} people, and at most ${mayGo} are suspended in one run: no account was suspended. If this is correct, suspend them yourself or raise absent_share_max of HOLDFAST_LDAP for a while`;
  throw new HoldfastError("failed", message);
}

async function applyAll(world: ClaimsWorld, seen: readonly Seen[], signal: AbortSignal): Promise<void> {
  for (const each of seen) {
    signal.throwIfAborted();
    try {
      await applyOne(world, each);
    } catch (error) {
      // The last administrator cannot be suspended. Failures do not stop the others.
      const reason = error instanceof Error ? error.message : String(error);
      world.log.warn({ user_id: each.user.id, reason }, "an account could not be updated from the LDAP server");
    }
  }
}

async function applyOne(world: ClaimsWorld, { user, person, groups }: Seen): Promise<void> {
  if (person === undefined) {
    if (user.disabled_at !== null) return;
    await updateUser(world, user.id, { disabled: true, byLdap: true });
    world.log.warn({ user_id: user.id }, "an account was suspended: its person is no longer on the LDAP server");
    return;
  }
  if (user.absent) {
    await updateUser(world, user.id, { disabled: false, byLdap: true });
    world.log.info({ user_id: user.id }, "an account was enabled: its person is on the LDAP server again");
  } else if (user.disabled_at !== null) return;
  await followPassword(world, user, person);
  await followClaims(world, user, { groups, plan: null }, "ldap");
  await followQuota(world, user, person.quotaBytes);
}

/** Ignores older password changes; otherwise the first run would end all sessions older than the password. */
const followedMs = 7 * 86_400_000;

/**
 * Ends sessions that began before the password change and were not proved since: somebody with the old password may
 * have started them.
 */
async function followPassword(world: ClaimsWorld, user: Linked, { passwordChangedAtMicros: at }: Person) {
  // If the server's clock is ahead, each run would end sessions that began after the change.
  const nowMicros = world.clock.nowMicros();
  if (at === undefined || at > nowMicros || at < nowMicros - followedMs * 1000) return;
  const { rows } = await sql`
    delete from shard.sessions where user_id = ${user.id} and greatest(created_at, proven_at) < ${at} returning 1`.execute(
    world.shards.ofId(user.id).db,
  );
  if (rows.length === 0) return;
  world.onEnded?.(user.space_id);
  world.log.info({ user_id: user.id }, "sessions were ended: the password was changed on the LDAP server");
}

async function readLinked({ shards }: ClaimsWorld, settings: LdapSettings): Promise<Linked[]> {
  const found: Linked[] = [];
  for (const { db } of shards.all()) {
    const { rows } = await sql<Linked & { id: UserId }>`
      select distinct on (u.id) u.*, i.subject, (a.user_id is not null) as absent
      from shard.outside_identities i
        join shard.users u on u.id = i.user_id
        left join shard.ldap_absences a on a.user_id = u.id
      where i.issuer = ${issuerOf(settings)} and not exists (select from shard.shreddings s where s.user_id = u.id)
      order by u.id, i.id`.execute(db);
    found.push(...rows);
  }
  return found;
}

function problemOf(error: unknown): string {
  const cause = error instanceof HoldfastError ? error.cause : undefined;
  if (cause instanceof Error) return `the LDAP server did not answer: ${reasonOf(cause)}`.slice(0, 1000);
  return (error instanceof Error ? error.message : String(error)).slice(0, 1000);
}
