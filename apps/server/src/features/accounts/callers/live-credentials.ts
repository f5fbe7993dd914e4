import type { GrantId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { uuidArray } from "../../../base/db/array-parameters.ts";
import type { GrantRow, ShardTables } from "../../../base/db/shard-tables.ts";
import type { Shard, Shards } from "../../../base/db/shards.ts";
import { dropLapsed } from "../../../tree/rights/load-rights.ts";
import { accessOf, accessRules, type RulesJson, rulesOfUser } from "./access-rules.ts";
import type { Caller } from "../context/caller.ts";
import { isHeld } from "./link-callers.ts";
import { type CredentialWorld, isOverdue } from "../context/overdue.ts";
import { linkSecrets, linkStamp } from "../context/secret-token.ts";

type Credential = Caller["credential"];

/** live: unchanged since the proof. anew: alive, but the account's rules changed, so it must be proved again. */
export type Liveness = "live" | "anew";

/**
 * Applies the authenticator's conditions to many sessions, tokens and links in one call. A link is alive only with the
 * password that opened it.
 */
export async function findLiveCredentials(
  world: CredentialWorld,
  credentials: readonly Credential[],
): Promise<ReadonlyMap<Credential, Liveness>> {
  const { shards } = world;
  const byShard = new Map<Shard, Credential[]>();
  for (const credential of credentials) {
    const shard = shards.ofId(credential.id);
    const list = byShard.get(shard);
    if (list === undefined) byShard.set(shard, [credential]);
    else list.push(credential);
  }
  const live = new Map<Credential, Liveness>();
  for (const [shard, list] of byShard) {
    const lapsed = new Set(await findLapsedLinks(shards, shard, list));
    for (const [credential, liveness] of await findLiveIn(world, shard.db, list)) {
      if (credential.kind !== "link" || !lapsed.has(credential.id)) live.set(credential, liveness);
    }
  }
  return live;
}

/** Finds links of editors who lost the right to share. Index: grants_id. */
async function findLapsedLinks(shards: Shards, { db }: Shard, credentials: readonly Credential[]): Promise<GrantId[]> {
  const ids = credentials.flatMap((credential) => (credential.kind === "link" ? [credential.id] : []));
  if (ids.length === 0) return [];
  const { rows } = await sql<GrantRow>`
    select * from shard.grants where id = any(${uuidArray(ids)}) and via is not null`.execute(db);
  const held = new Set((await dropLapsed(shards, db, rows)).map(({ id }) => id));
  return rows.flatMap(({ id }) => (held.has(id) ? [] : [id]));
}

export async function findLiveIn(
  world: CredentialWorld,
  db: Kysely<ShardTables>,
  credentials: readonly Credential[],
): Promise<[Credential, Liveness][]> {
  const nowMicros = world.clock.nowMicros();
  const idsOf = (kind: Credential["kind"]) => [
    ...new Set(credentials.filter((credential) => credential.kind === kind).map(({ id }) => id)),
  ];
  const { rows } = await sql<Found>`
    select s.id, null::bytea as secret_hash, null as password_hash, ${accessRules} from unnest(${uuidArray(idsOf("session"))}) as asked (id)
    join shard.sessions s on s.id = asked.id and s.expires_at > ${nowMicros}
    join shard.users u on u.id = s.user_id and u.disabled_at is null and not ${isOverdue(world)}
    union all
    select t.id, null, null, ${rulesOfUser} from unnest(${uuidArray(idsOf("token"))}) as asked (id)
    join shard.tokens t on t.id = asked.id and (t.expires_at is null or t.expires_at > ${nowMicros})
    join shard.users u on u.id = t.user_id and u.disabled_at is null and not ${isOverdue(world)}
    union all
    select g.id, g.secret_hash, g.password_hash, case when g.secret_hash is null then ${rulesOfUser} end from unnest(${uuidArray(idsOf("link"))}) as asked (id)
    join shard.grants g on g.id = asked.id and g.kind = 'link' and g.disabled_at is null
      and (g.expires_at is null or g.expires_at > ${nowMicros})
    join shard.spaces s on s.id = g.space_id
    join shard.users u on u.id = s.owner_id and u.disabled_at is null
    where ${isHeld(nowMicros)}`.execute(db);
  const found = new Map(rows.map((row) => [row.id, row]));
  return credentials.flatMap((credential): [Credential, Liveness][] => {
    const row = found.get(credential.id);
    if (row === undefined) return [];
    if (credential.kind === "link" && credential.stamp !== linkStamp(linkSecrets(row))) return [];
    const access = accessOf(row.access_rules, nowMicros);
    const isSame = access?.mustEnroll !== true && access?.stamp === credential.lists;
    return [[credential, isSame ? "live" : "anew"]];
  });
}

interface Found extends Pick<GrantRow, "secret_hash" | "password_hash"> {
  readonly id: string;
  readonly access_rules: RulesJson;
}
