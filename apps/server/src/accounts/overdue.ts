import type { Clock } from "@holdfast/core/clock";
import { type RawBuilder, sql } from "kysely";

/** How often people who sign in through an issuer have to do so again. */
export interface IssuerBound {
  readonly issuer: string;
  /** As people know it. */
  readonly name: string;
  /** Only administrators have passwords beside it. */
  readonly only: boolean;
  readonly everyMs: number;
}

interface OverdueParts {
  readonly clock: Clock;
  readonly issuerBound?: IssuerBound | undefined;
}

/**
 * Whether the user `u` has no way in but the issuer and has not come through it for so long that their sessions and tokens wait until they do: an issuer
 * tells nobody of the people it closed its door to. Administrators are exempt, as they mend an issuer that is gone. In the statement that proves a
 * credential; by primary keys.
 */
export function isOverdue({ clock, issuerBound }: OverdueParts): RawBuilder<boolean> {
  if (issuerBound === undefined) return sql<boolean>`false`;
  const { issuer, only, everyMs } = issuerBound;
  const since = clock.nowMicros() - everyMs * 1000;
  return sql<boolean>`(not u.admin and (${only}::boolean or not (u.has_password
      or exists (select from shard.passkeys p where p.user_id = u.id)
      or exists (select from shard.outside_identities o where o.user_id = u.id and o.issuer <> ${issuer})))
    and coalesce((select max(coalesce(i.last_used_at, i.created_at)) from shard.outside_identities i
      where i.user_id = u.id and i.issuer = ${issuer}) <= ${since}, false))`;
}
