import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { InvitationJson } from "@holdfast/protocol/admin-routes";
import { sql } from "kysely";
import { z } from "zod";
import type { AccountTables } from "../../../base/db/account-tables.ts";
import { decodeCursor, encodeCursor } from "../../../tree/read/cursor.ts";
import type { AccountStore } from "../context/account-world.ts";
import { findUserByEmail } from "../context/directory.ts";

const hashText = z.string().regex(/^[0-9a-f]{64}$/);
const invitationCursor = z.tuple([z.int(), hashText]);

/**
 * Newest first over all shards. Omits expired invitations and, per page, those whose address has an account. Index:
 * invitations_newest.
 */
export async function listInvitations(
  { shards, clock }: Pick<AccountStore, "shards" | "clock">,
  request: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
): Promise<{ items: InvitationJson[]; next_cursor: string | null }> {
  const limit = request.limit ?? limits.listItemsDefault;
  const after = request.cursor === undefined ? undefined : decodeCursor(invitationCursor, request.cursor);
  const isAfter =
    after === undefined
      ? sql``
      : sql`and created_at <= ${after[0]} and (created_at < ${after[0]} or secret_hash > decode(${after[1]}, 'hex'))`;
  const pages = await Promise.all(
    shards.all().map(async ({ db }) => {
      const { rows } = await sql<AccountTables["shard.invitations"]>`
        select * from shard.invitations
        where kind = 'invite' and expires_at > ${clock.nowMicros()} ${isAfter}
        order by created_at desc, secret_hash limit ${limit + 1}`.execute(db);
      return rows;
    }),
  );
  // Those of earlier versions may be on two shards after a move.
  const distinct = new Map(pages.flat().map((row) => [row.secret_hash.toString("hex"), row]));
  const rows = [...distinct.values()].toSorted(
    (left, right) => right.created_at - left.created_at || left.secret_hash.compare(right.secret_hash),
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const isOpen = await Promise.all(
    page.map(async ({ email }) => email === null || (await findUserByEmail(shards, email)) === undefined),
  );
  const open = page.filter((_, index) => isOpen[index]);
  return {
    items: open.map((row) => ({
      id: row.secret_hash.toString("hex"),
      email: row.email,
      plan: row.plan,
      quota_bytes: row.quota_bytes,
      quota_fixed: row.quota_fixed,
      created_at: formatTime(row.created_at),
      expires_at: formatTime(row.expires_at),
    })),
    next_cursor:
      rows.length > limit && last !== undefined
        ? encodeCursor([last.created_at, last.secret_hash.toString("hex")])
        : null,
  };
}

/** A sign-up that has claimed the invitation still succeeds. @throws HoldfastError not_found */
export async function removeInvitation({ shards }: Pick<AccountStore, "shards">, id: string): Promise<void> {
  if (hashText.safeParse(id).success) {
    let removed = 0n;
    for (const { db } of shards.all()) {
      const { numAffectedRows = 0n } = await sql`
        delete from shard.invitations where secret_hash = decode(${id}, 'hex') and kind = 'invite'`.execute(db);
      removed += numAffectedRows;
    }
    if (removed > 0n) return;
  }
  throw new HoldfastError("not_found", "There is no such invitation. It may have been used, or have expired.");
}
