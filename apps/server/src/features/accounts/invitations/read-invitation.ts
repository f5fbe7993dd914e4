import { HoldfastError } from "@holdfast/core/errors";
import { toBucket, type UserId } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import type { InvitationFacts } from "@holdfast/protocol/account-routes";
import { sql } from "kysely";
import type { AccountStore, AccountWorld } from "../context/account-world.ts";
import { hasAdministrator } from "../people/administrators.ts";
import { guardAttempt, throttleKey } from "../context/attempts.ts";
import { findUser, findUserByEmail, nobody } from "../context/directory.ts";
import { bucketOfInvitationToken, digestOf } from "../context/secret-token.ts";

const sharedShown = 5;

/**
 * Reads facts for the holder of a token who has no account yet. An invitation claimed by a sign-up stays readable until
 * its user exists, because a failed sign-up returns it.
 * @param source counted apart from sign-ups: a person who often opens an old link can still use a new one
 * @throws HoldfastError not_found alike for an unknown, used or expired invitation; rate_limited
 */
export async function readInvitation(world: AccountWorld, token: string, source: string): Promise<InvitationFacts> {
  const found = await guardAttempt(world.throttle, throttleKey("read-invitation", source), () =>
    findOpen(world, token),
  );
  if (found !== undefined) return found;
  throw new HoldfastError("not_found", "This invitation does not exist, was used, or has expired. Ask for a new one.");
}

/** Always makes every check, so that the duration reveals nothing. */
async function findOpen(store: AccountStore, token: string): Promise<InvitationFacts | undefined> {
  const bucket = bucketOfInvitationToken(token);
  const row = await store.shards
    .of(bucket ?? toBucket(0))
    .db.selectFrom("shard.invitations")
    .select(["kind", "email", "expires_at", "claimed_by", "confirms"])
    .where("secret_hash", "=", digestOf(token))
    .executeTakeFirst();
  const user = await findUser(store.shards, row?.claimed_by ?? nobody);
  const holder = await findUserByEmail(store.shards, row?.email ?? "");
  const isSetUp = token.startsWith("hfs_") && (await hasAdministrator(store));
  const isUsed = user !== undefined || holder !== undefined || isSetUp;
  if (row === undefined || row.expires_at <= store.clock.nowMicros() || isUsed) return undefined;
  const shared = row.email === null || !row.confirms ? [] : await listWaiting(store, row.email);
  return { kind: row.kind, email: row.email, expires_at: formatTime(row.expires_at), shared };
}

/**
 * Lists shares that wait for the address. Only for a token that confirms the address, whose account would show the
 * same. Index: `grants_email`.
 */
async function listWaiting({ shards, clock }: AccountStore, emailKey: string): Promise<InvitationFacts["shared"]> {
  const pages = await Promise.all(
    shards.all().map(async ({ db }) => {
      const { rows } = await sql<{ name: string; created_by: UserId; created_at: number }>`
        select node.name, waiting.created_by, waiting.created_at
        from shard.grants as waiting
        join shard.nodes as node on node.space_id = waiting.space_id and node.id = waiting.node_id
        where waiting.kind = 'pending' and waiting.email_key = ${emailKey} and node.trashed_at is null
          and (waiting.expires_at is null or waiting.expires_at > ${clock.nowMicros()})
        order by waiting.created_at limit ${sharedShown}`.execute(db);
      return rows;
    }),
  );
  const oldest = pages.flat().toSorted((left, right) => left.created_at - right.created_at);
  const shared: { name: string; by: string }[] = [];
  for (const { name, created_by: id } of oldest.slice(0, sharedShown)) {
    const sharer = await findUser(shards, id);
    if (sharer !== undefined) shared.push({ name, by: sharer.name || sharer.email });
  }
  return shared;
}
