import type { ErrorCode } from "./errors.ts";

export interface ErrorMeaning {
  readonly means: string;
  /** Advice for the person or program. */
  readonly todo: string;
}

/** Meaning of each code, for the API documentation. */
export const errorMeanings: Readonly<Record<ErrorCode, ErrorMeaning>> = {
  bad_request: { means: "the request is not valid for this API", todo: "correct the request" },
  invalid_field: { means: "the value of `field` is not allowed", todo: "send another value" },
  unauthenticated: { means: "no token, or an expired one", todo: "renew the session or sign in" },
  second_factor: {
    means: "the account has a second factor, and the code or passkey is missing, wrong or already used",
    todo: "send one of `factors`: the app's next code or a recovery code as `totp`, or a `passkey`",
  },
  device_suspended: {
    means: "the device rewrote or deleted unusually many files and can now only read",
    todo: "check its changes; the account resumes it with `holdfast devices resume ID`",
  },
  account_leaving: {
    means: "the account was deleted by its owner and will be shredded after `until`",
    todo: "sign in with `keep_account: true` to restore it",
  },
  second_factor_required: {
    means: "the account must set up a second factor before it can do anything else",
    todo: "set one up with a session, in the web app or with `holdfast second-factor on`; then repeat the request",
  },
  proof_required: {
    means: "the request needs a session with a recently confirmed identity; nothing was done",
    todo: "confirm it with POST /sessions/current/proof, or sign in again; then repeat the request",
  },
  address_not_allowed: {
    means: "the account cannot be used from this address",
    todo: "use a network that the account, its groups and the server allow, or ask an administrator",
  },
  forbidden: {
    means: "the role or the token's scopes do not allow it",
    todo: "ask the owner for permission, or use another token",
  },
  not_found: { means: "it does not exist, or you have no access to it", todo: "look up the ID or path again" },
  method_not_allowed: { means: "the route does not support this method", todo: "use a method from `Allow`" },
  request_timeout: { means: "the request arrived too slowly", todo: "send it again" },
  exists: { means: "the name is taken by `node`", todo: "choose another name, or set `on_conflict`" },
  conflict: {
    means: "the item has changed, or the request does not fit its state",
    todo: "read `node`, then decide again",
  },
  offset: { means: "the piece does not start at the end of the received data, `size`", todo: "continue at `size`" },
  superseded: { means: "a newer request has taken over the upload", todo: "let the newer request continue" },
  trashed: { means: "it, or a parent folder, is in the trash", todo: "restore it first" },
  subtree_changed: {
    means: "an item in the folder changed since `seen`",
    todo: "list the folder again, then decide",
  },
  cycle: { means: "a folder would be moved into itself", todo: "choose another destination" },
  dependency: {
    means: "an operation of the batch that this one depends on failed",
    todo: "correct that operation, then send both again",
  },
  missing_blocks: {
    means: "the server does not have the blocks in `missing_blocks`",
    todo: "upload them, then repeat the request",
  },
  reset: { means: "the token or cursor is too old, or the server was restored", todo: "list everything again" },
  precondition: {
    means: "the condition in `If-Match` or `If-None-Match` is not met",
    todo: "read `node`, then decide again",
  },
  too_large: { means: "over a limit; `GET /account` lists the limits", todo: "send less, or in pieces" },
  unsupported_media_type: {
    means: "the route does not accept this content type",
    todo: "set another `Content-Type`",
  },
  range: { means: "the range is outside the file", todo: "request a range below `size`" },
  operation_reused: {
    means: "the key or ID of the operation was used for another request",
    todo: "use a new one for each request",
  },
  hash_mismatch: { means: "the bytes do not match their hash", todo: "read and send them again" },
  content_mismatch: {
    means: "the blocks do not match the declared content",
    todo: "read the file and list its blocks again",
  },
  locked: { means: "another request is using it at the moment", todo: "try again later" },
  rate_limited: { means: "too many requests", todo: "wait for the time in `Retry-After`" },
  header_too_large: { means: "the headers of the request are too large", todo: "send smaller headers" },
  damaged: {
    means: "the stored content is damaged",
    todo: "tell an administrator; a device that has the file repairs it",
  },
  internal: { means: "a defect in the server", todo: "send the `request_id` to an administrator" },
  store_full: {
    means: "the server's disk or store is full",
    todo: "try again after an administrator has freed some space",
  },
  unavailable: {
    means: "the server is overloaded, stopping, or partly unavailable",
    todo: "wait for the time in `Retry-After`",
  },
  quota: {
    means: "the account does not have enough space",
    todo: "delete files permanently, or ask for a larger quota",
  },
  usage: { means: "the command was used incorrectly", todo: "see `--help`; never sent by a server" },
  unreachable: {
    means: "the server does not answer, or is not a Holdfast server",
    todo: "check the address and the network; never sent by a server",
  },
  failed: { means: "the command failed", todo: "read its message; never sent by a server" },
};
