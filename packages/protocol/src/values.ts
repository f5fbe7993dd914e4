import { z } from "zod";
import { isHashHex, isId, type HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";

/** Values that many messages share. JSON names are in snake_case; times are RFC 3339 UTC with microseconds. */

/**
 * An id is opaque to callers. An impossible id gives the same response as a missing one, so any short text is accepted.
 */
export const idText = z.string().min(1).max(64);
/** An id created by a client must be well formed, because it is stored. */
export const newId = z.string().refine(isId, "is not an id of version 8 (docs/format.md)");
export const hashHex = z
  .string()
  .refine((text): text is HashHex => isHashHex(text), "is not a SHA-256 in 64 lower-case hex digits");
export const operationId = z.string().regex(/^[0-9a-f]{32}$/, "is not 32 lower-case hex digits");

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
export const timeText = z
  .string()
  .max(40)
  .refine((text) => timePattern.test(text) && !Number.isNaN(Date.parse(text)), "is not an RFC 3339 time");

export const nodeName = z.string().max(1024);
export const pathText = z.string().max(limits.pathBytesMax + 1);
export const sizeBytes = z.int().min(0).max(limits.fileBytesMax);
export const versionNumber = z.int().min(1);
/** A version number (people and scripts) or a version id (sync clients). */
export const baseVersion = z.union([versionNumber, z.string().max(64)]);
/** The node's `revision` that the caller has seen. */
export const baseRevision = z.string().max(64);
/** State that the caller has seen. A different state gives 409 `conflict`. */
export const seenFields = { base_version: baseVersion.optional(), base_revision: baseRevision.optional() };
/** The same for a query, in which numbers are text. */
export const seenQuery = { base_version: z.string().max(64).optional(), base_revision: baseRevision.optional() };
export const onConflict = z.enum(["fail", "rename", "replace"]);
/** Skips validation of parsed JSON, which would take 50 times as long as parsing. */
const anyJson = z.unknown() as unknown as z.ZodType<z.core.util.JSONType>;
export const metadataJson = z.record(z.string().max(128), anyJson);
export const cursorText = z.string().min(1).max(limits.cursorBytesMax);

export const manifestEntry = z.object({ hash: hashHex, size: z.int().min(1).max(limits.blockBytesMax) });
export const manifestEntries = z.array(manifestEntry).max(limits.requestEntriesMax);
export const splice = z.object({ at: z.int().min(0), remove: z.int().min(0), insert: manifestEntries });
export const splices = z.array(splice).max(limits.requestEntriesMax);

export const nodeKind = z.enum(["file", "folder", "symlink", "mount"]);
export const role = z.enum(["viewer", "commenter", "editor", "owner", "uploader"]);

export const node = z
  .object({
    id: z.string(),
    kind: nodeKind,
    name: z.string().describe("empty for a root folder"),
    parent_id: z.string().nullable(),
    path: z.string(),
    size: z.int().describe("size of the newest version in bytes; 0 if it is not a file"),
    version: z.int().nullable(),
    version_id: z.string().nullable(),
    content_id: z.string().nullable(),
    revision: z.string().describe("changes with each change of the node itself; part of its ETag"),
    seq: z.int().describe("number of the journal entry of its last change"),
    target: z.string().optional(),
    mime_type: z.string().nullable(),
    thumb: z.literal(true).optional().describe("true: /thumbs can make a thumbnail, judged by name and size"),
    starred: z
      .literal(true)
      .optional()
      .describe(
        "true: starred by the caller; only in rows, in `GET /files/{id}`, and in lists of starred, recent, found, shared and trashed items",
      ),
    modified_at: z.string(),
    created_at: z.string(),
    updated_at: z.string(),
    executable: z.boolean(),
    private: z.boolean().optional().describe("true: readable only by its owner on devices (mode 600 or 700)"),
    trashed_at: z.string().nullable(),
    role,
    granted: z
      .boolean()
      .optional()
      .describe("true: the caller's role was set on this node, and not on a parent folder"),
    waits: z.boolean().optional().describe("true: a mount whose owner is suspended; its content cannot be read"),
    shared: z.boolean(),
    metadata: metadataJson.optional(),
    device_id: z.string().nullable().optional(),
    operation_id: z.string().nullable().optional(),
    blocks: z.array(manifestEntry).optional(),
  })
  .meta({ id: "Node" });
export type NodeJson = z.output<typeof node>;

/** A node for very long lists: few fields, and false values are omitted. */
export const nodeRow = z
  .object({
    ...node.pick({ id: true, kind: true, name: true, size: true, modified_at: true, revision: true, seq: true }).shape,
    ...node.pick({ role: true, target: true, granted: true, waits: true, thumb: true, starred: true }).shape,
    content_id: z.string().optional().describe("present if `thumb` is true"),
    shared: z.literal(true).optional(),
  })
  .meta({ id: "NodeRow" });
export type NodeRowJson = z.output<typeof nodeRow>;
/**
 * List of whole nodes or rows, as requested. The type is that of whole nodes; callers that request rows use
 * `NodeRowJson`.
 */
export const nodesOrRows = z.union([z.array(node), z.array(nodeRow)]) as unknown as z.ZodArray<typeof node>;
/** For lists that may contain images. */
export const thumbTag = z.string().describe("token for /thumbs; stays the same for a day, and ends with the session");

/** An account as shown to others, without its address. */
export const person = z
  .object({
    id: z.string(),
    name: z.string().describe("(link) for a visitor with a link, (deleted account or link) if it no longer exists"),
  })
  .meta({ id: "Person" });
export type PersonJson = z.output<typeof person>;

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    retryable: z.boolean(),
    request_id: z.string().optional(),
    field: z.string().optional(),
    node: node.optional(),
    size: z.int().optional(),
    complete: z.boolean().optional(),
    missing_blocks: z.array(z.string()).optional(),
    reason: z.enum(["expired", "epoch"]).optional(),
    until: z.string().optional().describe("for a deleted account: time until which it can be restored"),
    origin: z.null().optional().describe("for requests from a page without an Origin header"),
    public_url: z
      .string()
      .optional()
      .describe("for requests from a page of another address: URL of this server's pages"),
  })
  .meta({ id: "Problem" });
export type ProblemJson = z.output<typeof problem>;

export function page<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() });
}
