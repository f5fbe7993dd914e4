import { z } from "zod";
import { nodeKind, person, timeText } from "./values.ts";

/** Documents of an account's archive; see docs/archive.md. Readers ignore unknown members. */
export const archiveFormat = "holdfast-archive";
export const archiveFormatVersion = 1;

/** First entry: the account, its server, and the size of the archive. */
export const archiveHead = z.object({
  format: z.literal(archiveFormat),
  format_version: z.literal(archiveFormatVersion),
  server_id: z.string().min(1).max(64),
  account_id: z.string().min(1).max(64),
  exported_at: timeText,
  with_versions: z.boolean(),
  /** Totals of the following entries, for progress. */
  entries: z.int().min(0),
  bytes: z.int().min(0),
});
export type ArchiveHead = z.output<typeof archiveHead>;

const idText = z.string().min(1).max(64);
const contentId = z.string().regex(/^[0-9a-f]{64}$/, "is not a SHA-256 hash");

export const archiveNode = z.object({
  id: idText,
  parent_id: idText.nullable(),
  /** Path from the root, with a leading `/`. In the trash: from the deleted item. */
  path: z.string().max(8192),
  name: z.string().max(1024),
  kind: nodeKind,
  in_trash: z.boolean(),
  trashed_at: timeText.nullable(),
  created_at: timeText,
  modified_at: timeText,
  executable: z.boolean(),
  /** Missing in archives of older servers. */
  private: z.boolean().optional(),
  size: z.int().min(0),
  content_id: contentId.nullable(),
  version: z.int().nullable(),
  version_id: idText.nullable(),
  target: z.string().max(8192).nullable(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
});
export type ArchiveNode = z.output<typeof archiveNode>;

export const archiveVersion = z.object({
  node_id: idText,
  number: z.int().min(1),
  version_id: idText,
  size: z.int().min(0),
  content_id: contentId,
  created_at: timeText,
  /** Missing in archives of older servers. */
  modified_at: timeText.optional(),
  created_by: idText,
  device_id: z.string().nullable(),
  label: z.string().max(1024).nullable(),
});
export type ArchiveVersion = z.output<typeof archiveVersion>;

/** Entry with the content of a version. Each content is stored once. */
export const archiveContent = z.object({ content_id: contentId, size: z.int().min(0), entry: z.string().max(8192) });

export const archiveComment = z.object({
  id: idText,
  node_id: idText,
  text: z.string().max(64 * 1024),
  author: idText,
  mentions: z.array(idText),
  at: timeText,
  edited_at: timeText.nullable(),
  resolved_at: timeText.nullable(),
});
export type ArchiveComment = z.output<typeof archiveComment>;

export const archiveStar = z.object({ node_id: idText, at: timeText });
/** A person whose id is used elsewhere in the archive. */
export const archivePerson = person;
/** Content that could not be read. `damaged`: its entry has the right length, with zeros for unreadable parts. */
export const archiveOmission = z.object({
  entry: z.string().max(8192),
  reason: z.enum(["gone", "damaged"]),
});
export type ArchiveOmission = z.output<typeof archiveOmission>;

/** Last entry. */
export const archiveEnd = z.object({
  complete: z.literal(true),
  entries: z.int().min(0),
  omitted: z.int().min(0),
  manifest_sha256: contentId,
});

export const archiveNames = {
  head: "holdfast-archive.json",
  readme: "README.txt",
  account: "documents/account.json",
  people: "documents/people.jsonl",
  devices: "documents/devices.jsonl",
  nodes: "documents/nodes.jsonl",
  versions: "documents/versions.jsonl",
  contents: "documents/contents.jsonl",
  comments: "documents/comments.jsonl",
  stars: "documents/stars.jsonl",
  shares: "documents/shares.jsonl",
  links: "documents/links.jsonl",
  sharedWithMe: "documents/shared-with-me.jsonl",
  omissions: "omissions.jsonl",
  manifest: "manifest.jsonl",
  end: "end.json",
} as const;

/** Returns a line of the manifest, which lists all earlier files of the archive in order. */
export function manifestLine(path: string, sizeBytes: number, sha256: string): string {
  return `${JSON.stringify({ path, size: sizeBytes, sha256 })}\n`;
}

/** Entry of a content that no current file has. */
export function versionEntry(contentIdHex: string): string {
  return `versions/${contentIdHex.slice(0, 2)}/${contentIdHex}`;
}
