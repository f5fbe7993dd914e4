import type { GrantId, GroupId, SessionId, TokenId, UserId } from "@holdfast/core/ids";
import type { Scope } from "@holdfast/protocol/account-routes";
import type { Actor } from "../metadata/actor.ts";

/** Who makes a request, as proved by a live session, personal access token or link. */
export interface Caller extends Actor {
  readonly credential: (
    | { readonly kind: "session"; readonly id: SessionId }
    | { readonly kind: "token"; readonly id: TokenId }
    /** With the `stamp` of its secret and password: who opened it with another password opens it no more. */
    | { readonly kind: "link"; readonly id: GrantId; readonly stamp: string }
  ) & {
    /** The stamp of the lists of addresses from which it may be used; undefined where there are none. */
    readonly lists?: string;
  };
  /** What is asked of whoever acts for the account; undefined where nothing is. */
  readonly access?: Access;
  /** Its token is an app password, which opens files and nothing about the account. */
  readonly isApp?: boolean;
  /** Where it is the link that holds an app password in a folder: whose. */
  readonly ofAccount?: UserId;
  /** When its link ends by itself. */
  readonly endsAtMicros?: number | undefined;
  readonly scopes: ReadonlySet<Scope>;
  /** Of a session: its person has not proved lately who they are. */
  readonly lacksProof?: true;
  /** An administrator; routes of the scope `admin` need both. */
  readonly admin: boolean;
  /** Those that the caller is in now, as the caller's own shard knows them. */
  readonly groupIds: readonly GroupId[];
}

/** What holds for whoever acts for an account. */
export interface Access {
  /** From when on a second factor must be there; undefined where none is asked for, or there is one. */
  readonly factorDueAtMicros: number | undefined;
  /** That time is over. */
  readonly mustEnrol: boolean;
  /** The address has to be in each. */
  readonly lists: readonly (readonly string[])[];
  /** Another one where the lists are others; undefined where there are none. */
  readonly stamp: string | undefined;
}

/** `admin` includes `scim`: identity systems had tokens of `admin` before there was a scope of their own. */
export function reaches(scopes: ReadonlySet<Scope>, scope: Scope): boolean {
  return scopes.has(scope) || (scope === "scim" && scopes.has("admin"));
}
