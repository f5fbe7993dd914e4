import { HoldfastError } from "@holdfast/core/errors";
import { toBucket } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import type { InvitationFacts } from "@holdfast/protocol/account-routes";
import type { AccountStore, AccountWorld } from "./account-world.ts";
import { hasAdministrator } from "./administrators.ts";
import { guardAttempt, throttleKey } from "./attempts.ts";
import { findUser, findUserByEmail, nobody } from "./directory.ts";
import { bucketOfInvitationToken, digestOf } from "./secret-token.ts";

/**
 * What whoever has the token may know before they make the account with it. One that a sign-up has claimed is read still, until that
 * sign-up got as far as its user: it may fail, and give the invitation back.
 * @param source what failures are counted under, apart from those of sign-ups: who opens an old link again and again can use a new one
 * @throws HoldfastError not_found for one that is not known, used or expired, all alike; rate_limited
 */
export async function readInvitation(world: AccountWorld, token: string, source: string): Promise<InvitationFacts> {
  const found = await guardAttempt(world.throttle, throttleKey("read-invitation", source), () =>
    findOpen(world, token),
  );
  if (found !== undefined) return found;
  throw new HoldfastError("not_found", "This invitation is not known, was used, or has expired. Ask for a new one.");
}

/** Looks for all that makes one useless, whatever it finds first, so that the time tells nothing either. */
async function findOpen(store: AccountStore, token: string): Promise<InvitationFacts | undefined> {
  const bucket = bucketOfInvitationToken(token);
  const row = await store.shards
    .of(bucket ?? toBucket(0))
    .db.selectFrom("shard.invitations")
    .select(["kind", "email", "expires_at", "claimed_by"])
    .where("secret_hash", "=", digestOf(token))
    .executeTakeFirst();
  const user = await findUser(store.shards, row?.claimed_by ?? nobody);
  const holder = await findUserByEmail(store.shards, row?.email ?? "");
  const isSetUp = token.startsWith("hfs_") && (await hasAdministrator(store));
  const isUsed = user !== undefined || holder !== undefined || isSetUp;
  if (row === undefined || row.expires_at <= store.clock.nowMicros() || isUsed) return undefined;
  return { kind: row.kind, email: row.email, expires_at: formatTime(row.expires_at) };
}
