import type { TokenId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { endGrant, type OauthWorld, type Payload, readArtifact } from "./artifacts.ts";

/** An approval is void if the approving session ended before the program fetched its tokens. */
export async function readDeviceCode(world: OauthWorld, id: string): Promise<Payload | undefined> {
  const found = await readArtifact(world, "DeviceCode", id);
  const userId = found?.["accountId"];
  if (typeof userId !== "string" || found?.["consumed"] !== undefined) return found;
  const { db } = world.shards.ofId(userId as UserId);
  if (await isSessionLive(db, userId as UserId, found?.["sessionId"], world)) return found;
  await endGrant(world, found?.["grantId"] as TokenId);
  return undefined;
}

/** Checks the session that approved a device. Its owner may have ended it because it was stolen. */
export async function isSessionLive(
  db: ShardQueries,
  userId: UserId,
  sessionId: unknown,
  { clock }: Pick<OauthWorld, "clock">,
): Promise<boolean> {
  if (typeof sessionId !== "string") return false;
  const { rows } = await sql`
    select from shard.sessions where id = ${sessionId} and user_id = ${userId} and expires_at > ${clock.nowMicros()}
    for share`.execute(db);
  return rows.length > 0;
}
