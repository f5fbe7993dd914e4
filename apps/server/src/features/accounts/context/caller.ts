import type { GrantId, GroupId, SessionId, TokenId, UserId } from "@holdfast/core/ids";
import type { Scope } from "@holdfast/protocol/account-routes";
import type { Actor } from "../../../tree/actor.ts";

export interface Caller extends Actor {
  readonly credential: (
    | { readonly kind: "session"; readonly id: SessionId }
    | { readonly kind: "token"; readonly id: TokenId }
    /** `stamp` covers secret and password, so that a change of the password ends sessions. */
    | { readonly kind: "link"; readonly id: GrantId; readonly stamp: string }
  ) & {
    /** Stamp of the address lists; undefined without lists. */
    readonly lists?: string;
  };
  readonly access?: Access;
  /** App passwords access files only. */
  readonly isApp?: boolean;
  /** Account of an app password that is confined to a folder by this link. */
  readonly ofAccount?: UserId;
  /** Expiry of the link. */
  readonly endsAtMicros?: number | undefined;
  readonly scopes: ReadonlySet<Scope>;
  /** The session lacks a recent proof of identity. */
  readonly lacksProof?: true;
  /** The account is an administrator. Routes of the scope `admin` require both. */
  readonly admin: boolean;
  /** Current groups, from the caller's own shard. */
  readonly groupIds: readonly GroupId[];
}

export interface Access {
  /** Date from which a second factor is required; undefined if none is required or one exists. */
  readonly factorDueAtMicros: number | undefined;
  /** The due date has passed. */
  readonly mustEnroll: boolean;
  /** The address must be in each list. */
  readonly lists: readonly (readonly string[])[];
  /** Differs for different lists. */
  readonly stamp: string | undefined;
}

/** Tokens of identity systems made before `scim` existed have `admin`. */
export function reaches(scopes: ReadonlySet<Scope>, scope: Scope): boolean {
  return scopes.has(scope) || (scope === "scim" && scopes.has("admin"));
}
