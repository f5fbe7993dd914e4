import type { Route } from "@holdfast/protocol/route";

/** What a parameter means where its schema does not say it: by its name, or by the first part of the path and its name. */
const words: Readonly<Record<string, string>> = {
  "path id": "of a file or folder; `root` for the caller's root folder",
  "tokens id": "of a personal access token",
  "devices id": "of a device",
  "groups id": "of a group",
  "groups user_id": "of the member's account",
  "users id": "of an account, or its e-mail address",
  "trash id": "of a node in the trash",
  "upload id": "`upload_id` of the upload",
  "permissions id": "of a permission",
  "webhooks id": "of a webhook",
  "reports id": "of a report",
  "rewinds id": "of the rewind that is to be undone",
  "transfers id": "of an offered transfer",
  "jobs id": "of a job",
  "oauth-clients id": "`client_id` of the program",
  "invitations id": "of an invitation",
  "comments id": "of a comment",
  "s id": "of a file or folder that the link shows",
  "path hash": "SHA-256 of the block, in 64 lower-case hex digits",
  "path grant": "what the server has signed; it stands in the URL that it gave",
  "path content_id": "of the picture's node",
  "path token": "of the link, as it stands in its address",
  "unsubscribe token": "as it stands in the mail",
  limit: "how many items a page has at most",
  cursor: "`next_cursor` of the page before",
  q: "a part of the name, or the whole e-mail address",
  path: "from the caller's root folder, as `/photos/2024`",
  sort: "the order; `-` before it turns it round",
  permanent: "`true` purges instead of moving to the trash",
  seen: "a `seq`: refused if somebody has changed something below since",
  base_version:
    "the version that the caller knows, by number or `version_id`; refused with `conflict` if it is not the newest",
  base_revision: "the `revision` that the caller knows; refused with `conflict` if the node has another",
  recursive: "`true`: all that lies below, parents before children",
  include: "`blocks`: with the list of blocks where it is short",
  version: "number or `version_id`; the newest unless given",
  in: "of a folder: only what is, or was, in it",
  since_token: "where the caller stands: `token` or `next_token` of an earlier answer",
  type: "what kind of file",
  uploadType: "`media`: the body is the file; `resumable`: an upload in pieces begins",
  resumable: "`true` is the same as `uploadType=resumable`",
  parent_id: "of the folder into which it goes",
  name: "of the file in that folder",
  file_id: "of the file that gets a new version",
  size: "bytes of the whole, where it is known",
  on_conflict: "what happens when the name is taken",
  sha256: "of the whole, in hex; what arrives is compared with it",
  modified_at: "when it was last changed where it comes from (RFC 3339)",
  executable: "`true`: it may be run",
  base: "an older version, against which the answer is told as splices",
  into: "of a folder in whose space the blocks are stored; the caller's own unless given",
  sent: "how many files were sent: shown on the page",
  actor: "only what this account did",
};

const headerWords = {
  "Idempotency-Key": "the same key with the same request is answered as the first time, for 14 days",
  "If-Match": "the `revision` that the node must have; else 412",
  "If-None-Match": "`*`: only if the name is free; else 412",
} as const;

/** @returns undefined where there are no words yet, which a test forbids */
export function parameterWords({ path }: Route, place: "path" | "query", name: string): string | undefined {
  const first = /^\/(?:admin\/)?([^/]*)/.exec(path)?.[1] ?? "";
  if (place === "query") return words[name];
  return words[`${first} ${name}`] ?? words[`path ${name}`];
}

/** Headers that all routes take which change something. */
export function conditionHeaders() {
  return Object.entries(headerWords).map(([name, description]) => ({
    name,
    in: "header" as const,
    required: false,
    description,
    schema: { type: "string", maxLength: name === "Idempotency-Key" ? 255 : 4096 },
  }));
}
