import type { GrantId, SessionId, TokenId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { uuidArray } from "../db/array-parameters.ts";
import type { ShardTables } from "../db/shard-tables.ts";
import type { Shard } from "../db/shards.ts";
import type { AccountStore } from "./account-world.ts";
import type { Caller } from "./caller.ts";

type Credential = Caller["credential"];
type CredentialId = SessionId | TokenId | GrantId;

/**
 * Which of these sessions, personal access tokens and links, each proved when its request began, are still alive: what the
 * authenticator asks of their rows, for many at once.
 */
export async function findLiveCredentials(
  { shards, clock }: Pick<AccountStore, "shards" | "clock">,
  credentials: readonly Credential[],
): Promise<ReadonlySet<CredentialId>> {
  const byShard = new Map<Shard, Credential[]>();
  for (const credential of credentials) {
    const shard = shards.ofId(credential.id);
    const list = byShard.get(shard);
    if (list === undefined) byShard.set(shard, [credential]);
    else list.push(credential);
  }
  const now = clock.nowMicros();
  const live = new Set<CredentialId>();
  for (const [shard, list] of byShard) for (const id of await findLiveIn(shard.db, list, now)) live.add(id);
  return live;
}

export async function findLiveIn(
  db: Kysely<ShardTables>,
  credentials: readonly Credential[],
  nowMicros: number,
): Promise<CredentialId[]> {
  const idsOf = (kind: Credential["kind"]) => [
    ...new Set(credentials.filter((credential) => credential.kind === kind).map(({ id }) => id)),
  ];
  // Served by primary keys, and grants_id.
  const { rows } = await sql<{ id: CredentialId }>`
    select s.id from unnest(${uuidArray(idsOf("session"))}) as asked (id)
    join shard.sessions s on s.id = asked.id and s.expires_at > ${nowMicros}
    join shard.users u on u.id = s.user_id and u.disabled_at is null
    union all
    select t.id from unnest(${uuidArray(idsOf("token"))}) as asked (id)
    join shard.tokens t on t.id = asked.id and (t.expires_at is null or t.expires_at > ${nowMicros})
    join shard.users u on u.id = t.user_id and u.disabled_at is null
    union all
    select g.id from unnest(${uuidArray(idsOf("link"))}) as asked (id)
    join shard.grants g on g.id = asked.id and g.kind = 'link' and g.disabled_at is null
      and (g.expires_at is null or g.expires_at > ${nowMicros})
    join shard.spaces s on s.id = g.space_id
    join shard.users u on u.id = s.owner_id and u.disabled_at is null`.execute(db);
  return rows.map((row) => row.id);
}
