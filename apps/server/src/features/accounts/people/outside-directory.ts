import { toHashHex } from "@holdfast/core/hash";
import { bucketOfHash, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { AccountStore } from "../context/account-world.ts";

/** Shard that maps an issuer's subject to its account. @param key SHA-256 over issuer and subject */
export function directoryOf({ shards }: Pick<AccountStore, "shards">, key: Buffer) {
  return shards.of(bucketOfHash(toHashHex(key)));
}

/** Runs after the row in `outside_identities` is deleted. Without that row, this one grants nothing. */
export async function releaseIdentity(store: Pick<AccountStore, "shards">, key: Buffer, userId: UserId): Promise<void> {
  await sql`delete from shard.outside_directory where identity_key = ${key} and user_id = ${userId}`.execute(
    directoryOf(store, key).db,
  );
}
