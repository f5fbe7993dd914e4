import { toHashHex } from "@holdfast/core/hash";
import { bucketOfHash, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { AccountStore } from "./account-world.ts";

/** The shard that says whose a subject of an issuer is. @param key SHA-256 over both */
export function directoryOf({ shards }: Pick<AccountStore, "shards">, key: Buffer) {
  return shards.of(bucketOfHash(toHashHex(key)));
}

/** After the row beside the account, without which the directory's opens nothing. */
export async function releaseIdentity(store: Pick<AccountStore, "shards">, key: Buffer, userId: UserId): Promise<void> {
  await sql`delete from shard.outside_directory where identity_key = ${key} and user_id = ${userId}`.execute(
    directoryOf(store, key).db,
  );
}
