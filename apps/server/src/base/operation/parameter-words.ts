import type { Route } from "@holdfast/protocol/route";

/** Parameters without a description in the schema, by name, or by first path segment and name. */
const words: Readonly<Record<string, string>> = {
  "path id": "ID of a file or folder; `root` for the caller's root folder",
  "account id": "ID of the passkey or linked sign-in",
  "tokens id": "ID of a personal access token",
  "devices id": "of a device",
  "groups id": "of a group",
  "groups user_id": "ID of the member's account",
  "users id": "ID or e-mail address of an account",
  "trash id": "ID of a node in the trash",
  "upload id": "`upload_id` of the upload",
  "permissions id": "of a permission",
  "webhooks id": "of a webhook",
  "reports id": "of a report",
  "rewinds id": "ID of the rewind to undo",
  "transfers id": "ID of a transfer",
  "jobs id": "of a job",
  "oauth-clients id": "`client_id` of the program",
  "invitations id": "of an invitation",
  "comments id": "of a comment",
  "s id": "ID of a file or folder that the link shows",
  "path hash": "SHA-256 of the block, in 64 lower-case hex digits",
  "path grant": "signature from the signed URL",
  "path content_id": "ID of the picture",
  "path token": "token from the address of the link",
  "unsubscribe token": "token from the mail",
  limit: "maximum number of items per page",
  cursor: "`next_cursor` of the previous page",
  q: "part of the name, or the complete e-mail address",
  path: "from the caller's root folder, as `/photos/2024`",
  sort: "sort order; a leading `-` reverses it",
  permanent: "`true` deletes permanently instead of moving to the trash",
  seen: "a `seq`: refused if someone has changed something below it since",
  base_version: "version that the caller knows, by number or `version_id`; `conflict` if it is not the newest",
  base_revision: "`revision` that the caller knows; `conflict` if the node has another",
  recursive: "`true`: everything below, parents before children",
  include: "`blocks`: with the list of blocks where it is short",
  version: "number or `version_id`; default is the newest",
  in: "ID of a folder: only items that are, or were, in it",
  since_token: "where the caller stands: `token` or `next_token` of an earlier answer",
  type: "kind of file",
  uploadType: "`media`: the body is the file; `resumable`: start a resumable upload",
  resumable: "`true` is the same as `uploadType=resumable`",
  parent_id: "ID of the destination folder",
  name: "name of the file in that folder",
  file_id: "ID of the file that gets a new version",
  size: "bytes of the whole, where it is known",
  on_conflict: "what to do if the name is taken",
  sha256: "SHA-256 of the whole content in hex, which is verified",
  modified_at: "when it was last changed where it comes from (RFC 3339)",
  executable: "`true`: the file is executable",
  private: "`true`: on devices only the owner of the file may read it",
  base: "older version, to which the splices in the answer refer",
  into: "ID of a folder in whose space the blocks are stored; default is the caller's own space",
  sent: "number of files sent, shown on the page",
  actor: "only what this account did",
};

const headerWords = {
  "Idempotency-Key": "a repeated request with the same key gets the first response, for 14 days",
  "If-Match": "`revision` that the node must have; otherwise 412",
  "If-None-Match": "`*`: only if the name is free; otherwise 412",
} as const;

/** @returns undefined without a text, which a test forbids */
export function parameterWords({ path }: Route, place: "path" | "query", name: string): string | undefined {
  const first = /^\/(?:admin\/)?([^/]*)/.exec(path)?.[1] ?? "";
  if (place === "query") return words[name];
  return words[`${first} ${name}`] ?? words[`path ${name}`];
}

export function conditionHeaders() {
  return Object.entries(headerWords).map(([name, description]) => ({
    name,
    in: "header" as const,
    required: false,
    description,
    schema: { type: "string", maxLength: name === "Idempotency-Key" ? 255 : 4096 },
  }));
}
