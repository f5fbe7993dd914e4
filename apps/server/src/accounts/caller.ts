import type { GrantId, GroupId, SessionId, TokenId, UserId } from "@holdfast/core/ids";
import type { Scope } from "@holdfast/protocol/account-routes";
import type { Actor } from "../metadata/actor.ts";

/** Who makes a request, as proved by a live session, personal access token or link. */
export interface Caller extends Actor {
  readonly credential:
    | { readonly kind: "session"; readonly id: SessionId }
    | { readonly kind: "token"; readonly id: TokenId }
    /** With the `stamp` of its secret and password: who opened it with another password opens it no more. */
    | { readonly kind: "link"; readonly id: GrantId; readonly stamp: string };
  /** Its token is an app password, which opens files and nothing about the account. */
  readonly isApp?: boolean;
  /** Where it is the link that holds an app password in a folder: whose. */
  readonly ofAccount?: UserId;
  /** When its link ends by itself. */
  readonly endsAtMicros?: number | undefined;
  readonly scopes: ReadonlySet<Scope>;
  /** An administrator; routes of the scope `admin` need both. */
  readonly admin: boolean;
  /** Those that the caller is in now, as the caller's own shard knows them. */
  readonly groupIds: readonly GroupId[];
}
