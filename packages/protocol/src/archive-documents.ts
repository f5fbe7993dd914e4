import { z } from "zod";
import { nodeKind, person, timeText } from "./values.ts";

/** The documents of an archive of an account, as docs/archive.md describes them. What a reader does not know it passes over. */
export const archiveFormat = "holdfast-archive";
export const archiveFormatVersion = 1;

/** Of one account, on what server, and how much of it: the first entry. */
export const archiveHead = z.object({
  format: z.literal(archiveFormat),
  format_version: z.literal(archiveFormatVersion),
  server_id: z.string().min(1).max(64),
  account_id: z.string().min(1).max(64),
  exported_at: timeText,
  with_versions: z.boolean(),
  /** What is to follow, for who shows how far it has come. */
  entries: z.int().min(0),
  bytes: z.int().min(0),
});
export type ArchiveHead = z.output<typeof archiveHead>;

const idText = z.string().min(1).max(64);
const contentId = z.string().regex(/^[0-9a-f]{64}$/, "is not a SHA-256 hash");

export const archiveNode = z.object({
  id: idText,
  parent_id: idText.nullable(),
  /** From the root with `/` before; in the trash from what was deleted. */
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

/** Where the content of a version lies, each once. */
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
/** Who is named by id elsewhere. */
export const archivePerson = person;
/** What could not be read any more; `damaged`: its entry has the right length, and zeros where nothing could be read. */
export const archiveOmission = z.object({
  entry: z.string().max(8192),
  reason: z.enum(["gone", "damaged"]),
});
export type ArchiveOmission = z.output<typeof archiveOmission>;

/** The last entry. */
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

/** A line of the manifest: of each file in the archive before it, in the order of the archive. */
export function manifestLine(path: string, sizeBytes: number, sha256: string): string {
  return `${JSON.stringify({ path, size: sizeBytes, sha256 })}\n`;
}

/** Where a content lies that no file has now. */
export function versionEntry(contentIdHex: string): string {
  return `versions/${contentIdHex.slice(0, 2)}/${contentIdHex}`;
}
