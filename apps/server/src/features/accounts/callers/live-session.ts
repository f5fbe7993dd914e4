import { HoldfastError } from "@holdfast/core/errors";
import type { SessionId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import type { Caller } from "../context/caller.ts";

/**
 * Number of a session that ended because an old refresh token was reused. The row stays for a day to give the reason.
 */
export const copiedNumber = -1;

/** @throws HoldfastError unauthenticated if the session ended meanwhile */
export async function assertLive(transaction: ShardQueries, session: SessionId): Promise<void> {
  const { rows } = await sql`
    select from shard.sessions where id = ${session} and number <> ${copiedNumber} for share`.execute(transaction);
  if (rows.length === 0) throw new HoldfastError("unauthenticated", "The session has ended. Sign in again.");
}

export function sessionOf(
  { credential }: Pick<Caller, "credential">,
  what = "cannot change the second factor",
): SessionId {
  if (credential.kind === "session") return credential.id;
  throw new HoldfastError("forbidden", `A personal access token ${what}. Sign in with the password.`);
}
