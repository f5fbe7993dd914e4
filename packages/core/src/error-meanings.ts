import type { ErrorCode } from "./errors.ts";

export interface ErrorMeaning {
  readonly means: string;
  /** What whoever meets it does. */
  readonly todo: string;
}

/** What each code says, for people; the API's pages are written from it. */
export const errorMeanings: Readonly<Record<ErrorCode, ErrorMeaning>> = {
  bad_request: { means: "the request cannot be read as one of this API", todo: "mend the request" },
  invalid_field: { means: "a value cannot be, `field` names which", todo: "give another value" },
  unauthenticated: { means: "no token, or one that is over", todo: "renew the session or sign in" },
  second_factor: {
    means: "the account has a second factor, and no code and no passkey came, or one that is wrong or was used already",
    todo: "send what `factors` names: the app's next code or a recovery code as `totp`, or a `passkey`",
  },
  device_suspended: {
    means: "the device rewrote or deleted masses, and may only read",
    todo: "look what it did; the account lets it go on by `holdfast devices resume ID`",
  },
  account_leaving: {
    means: "its owner deleted the account, which is shredded after `until`",
    todo: "sign in with `keep_account: true` to have it back",
  },
  second_factor_required: {
    means: "the account must have a second factor and has none, so that it may do nothing but set one up",
    todo: "set one up, by a session: in the web app, or by `holdfast second-factor on`; then send the request again",
  },
  proof_required: {
    means: "this is asked only of a session whose person proved lately who they are; nothing was done",
    todo: "prove it by POST /sessions/current/proof, or sign in again; then send the request again",
  },
  address_not_allowed: {
    means: "the account may not be used from this address",
    todo: "use it from one of the networks that it, its groups and the server name, or ask an administrator",
  },
  forbidden: {
    means: "the role or the token's scopes do not allow it",
    todo: "ask the owner for the right, or use another token",
  },
  not_found: { means: "it is not there, or you may not see it", todo: "look the ID or path up anew" },
  method_not_allowed: { means: "the route does not know this method", todo: "use one that `Allow` names" },
  request_timeout: { means: "the request came too slowly", todo: "send it again" },
  exists: { means: "the name is taken, `node` by whom", todo: "choose another name, or `on_conflict`" },
  conflict: { means: "it has changed since, or does not fit what is there", todo: "read `node`, decide anew" },
  offset: { means: "the piece does not begin at what is there, `size`", todo: "go on at `size`" },
  superseded: { means: "a newer request took the upload over", todo: "let the newer one go on" },
  trashed: { means: "it lies in the trash, or in something that does", todo: "restore it first" },
  subtree_changed: {
    means: "something in the folder changed since `seen`",
    todo: "look at the folder again, then decide",
  },
  cycle: { means: "a folder would come to lie in itself", todo: "move it elsewhere" },
  dependency: { means: "an operation of the batch that it needs failed", todo: "mend that one, send both again" },
  missing_blocks: {
    means: "the server lacks blocks of the content, `missing_blocks`",
    todo: "send them, then the request again",
  },
  reset: { means: "the token or cursor is too old, or the server was restored", todo: "list everything again" },
  precondition: { means: "`If-Match` or `If-None-Match` does not hold", todo: "read `node`, decide anew" },
  too_large: { means: "more than a limit allows; `GET /account` has them", todo: "send less, or in pieces" },
  unsupported_media_type: {
    means: "the body is of a kind that the route does not take",
    todo: "set another `Content-Type`",
  },
  range: { means: "the range does not lie in the file", todo: "ask for less than `size`" },
  operation_reused: {
    means: "the key or ID of an operation stood for another request",
    todo: "take a new one for each request",
  },
  hash_mismatch: { means: "the bytes are not those of their hash", todo: "read and send them anew" },
  content_mismatch: {
    means: "the blocks make another content than was said",
    todo: "read the file and say its blocks anew",
  },
  locked: { means: "somebody else is at it just now", todo: "try again later" },
  rate_limited: { means: "too many calls", todo: "wait as long as `Retry-After` says" },
  header_too_large: { means: "the header of the request is too large", todo: "send a smaller one" },
  damaged: {
    means: "what is stored cannot be read whole",
    todo: "tell an administrator; a device that has the file heals it",
  },
  internal: { means: "a defect of the server", todo: "tell an administrator the `request_id`" },
  store_full: { means: "the server's disk or store is full", todo: "try again once its administrator made room" },
  unavailable: {
    means: "the server cannot do it now: overloaded, stopping, a part of it away",
    todo: "wait as long as `Retry-After` says",
  },
  quota: { means: "the account has no room for it", todo: "delete for good, or ask for more" },
  usage: { means: "the command was used wrongly", todo: "see `--help`; never sent by a server" },
  unreachable: {
    means: "the server does not answer, or is none",
    todo: "look at the address and the network; never sent by a server",
  },
  failed: { means: "the command could not do it", todo: "read its sentence; never sent by a server" },
};
