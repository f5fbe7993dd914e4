import type { Clock } from "@holdfast/core/clock";
import { type RawBuilder, sql } from "kysely";
import type { Shards } from "../../../base/db/shards.ts";

/** Interval after which people who sign in through an issuer must do so again. */
export interface IssuerBound {
  readonly issuer: string;
  readonly name: string;
  readonly only: boolean;
  readonly everyMs: number;
}

/** Dependencies of checks of credentials, at a request's beginning and while its answer is sent. */
export interface CredentialWorld {
  readonly shards: Shards;
  readonly clock: Clock;
  /** Undefined: people who signed in through an issuer stay signed in. */
  readonly issuerBound: IssuerBound | undefined;
}

/**
 * Condition on a credential's user `u`: the issuer is the only way in, and the last sign-in there is too old. An issuer
 * does not report closed accounts, so sessions and tokens wait for the next sign-in. Administrators are exempt, to
 * repair the sign-in when an issuer is gone.
 */
export function isOverdue({ clock, issuerBound }: Pick<CredentialWorld, "clock" | "issuerBound">): RawBuilder<boolean> {
  if (issuerBound === undefined) return sql<boolean>`false`;
  const { issuer, only, everyMs } = issuerBound;
  const since = clock.nowMicros() - everyMs * 1000;
  return sql<boolean>`(not u.admin and (${only}::boolean or not (u.has_password
      or exists (select from shard.passkeys p where p.user_id = u.id)
      or exists (select from shard.outside_identities o where o.user_id = u.id and o.issuer <> ${issuer})))
    and coalesce((select max(coalesce(i.last_used_at, i.created_at)) from shard.outside_identities i
      where i.user_id = u.id and i.issuer = ${issuer}) <= ${since}, false))`;
}
