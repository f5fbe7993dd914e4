import type { Clock } from "@holdfast/core/clock";
import { type RawBuilder, sql } from "kysely";
import type { Shards } from "../db/shards.ts";

/** How often people who sign in through an issuer have to do so again. */
export interface IssuerBound {
  readonly issuer: string;
  /** As people know it. */
  readonly name: string;
  /** Only administrators have passwords beside it. */
  readonly only: boolean;
  readonly everyMs: number;
}

/** Dependencies of a check of credentials, which is made when a request begins and while its answer runs. */
export interface CredentialWorld {
  readonly shards: Shards;
  readonly clock: Clock;
  /** Undefined: whoever came through an issuer once stays signed in. */
  readonly issuerBound: IssuerBound | undefined;
}

/**
 * A condition on the user `u` in the statement that proves a credential: the issuer is their only way in, and their last sign-in through it is too
 * long ago, so that their sessions and tokens wait for the next one. An issuer does not report people whose account it closed. Administrators are
 * exempt, as they repair the sign-in where an issuer is gone. By primary keys.
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
