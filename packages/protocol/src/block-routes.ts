import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { batchOperation } from "./batch.ts";
import { defineRoute } from "./route.ts";
import { baseVersion, hashHex, idText, manifestEntry, node, sizeBytes, splice, splices, timeText } from "./values.ts";

const idParams = z.object({ id: idText });
const into = z.object({ into: idText.optional() });
const manifestJson = z
  .object({
    version_id: z.string(),
    version: z.int(),
    size: z.int(),
    content_id: z.string(),
    blocks: z.array(manifestEntry).optional(),
    splices: z.array(splice).optional().describe("relative to the version `base`"),
  })
  .meta({ id: "Manifest" });

/** Routes with which devices transfer only new data. */
export const blockRoutes = {
  getManifest: defineRoute({
    method: "GET",
    path: "/files/:id/manifest",
    tag: "Blocks",
    access: "files:read",
    callers: ["link", "app_password"],
    cost: "call",
    bodyKind: "none",
    summary: "Get the blocks of a version, or the splices against a base version",
    params: idParams,
    query: z.object({ version: z.string().min(1).max(64).optional(), base: z.string().min(1).max(64).optional() }),
    responses: { 200: manifestJson },
  }),
  queryManifests: defineRoute({
    method: "POST",
    path: "/manifests",
    tag: "Blocks",
    access: "files:read",
    callers: ["link", "app_password"],
    cost: "call",
    bodyKind: "json",
    summary: "Get the blocks of many versions",
    body: z.object({ version_ids: z.array(idText).max(limits.manifestsMax) }),
    responses: {
      200: z.object({
        items: z.array(manifestJson),
        left_out: z
          .array(z.string())
          .optional()
          .describe("IDs of versions whose lists did not fit into this answer; request them again"),
      }),
    },
  }),
  syncFile: defineRoute({
    method: "POST",
    path: "/files/:id/sync",
    tag: "Blocks",
    access: "files:write",
    callers: ["link", "app_password"],
    errors: ["quota", "store_full", "missing_blocks", "content_mismatch"],
    cost: "batch",
    bodyKind: "json",
    changes: true,
    summary: "Propose a new version as a list of blocks; it is committed once no block is missing",
    params: idParams,
    longLists: true,
    body: z.object({
      current_version: baseVersion,
      new_block_hashes: z
        .array(z.union([manifestEntry, hashHex]))
        .max(limits.requestEntriesMax)
        .optional(),
      splices: splices.optional(),
      size: sizeBytes.optional(),
      content_id: hashHex.optional(),
      modified_at: timeText.optional(),
      executable: z.boolean().optional(),
      private: z.boolean().optional(),
    }),
    responses: {
      200: z.object({
        status: z.literal("ok"),
        missing_blocks: z.array(z.string()),
        version: z.int().optional(),
        node: node.optional(),
      }),
    },
  }),
  syncDelta: defineRoute({
    method: "POST",
    path: "/sync/delta",
    tag: "Blocks",
    access: "files:write",
    callers: ["link", "app_password"],
    errors: ["quota", "store_full", "missing_blocks", "content_mismatch", "reset"],
    cost: "batch",
    bodyKind: "batch",
    changes: true,
    summary:
      "Run a batch of operations, each with its own result; as JSON, or with frames of small blocks as application/vnd.holdfast.batch",
    longLists: true,
    body: z.object({
      epoch: z.string().max(64).optional(),
      operations: z.array(batchOperation).max(limits.batchOperationsMax),
    }),
    responses: {
      200: z.object({
        results: z.array(
          z.object({
            operation_id: z.string(),
            status: z.enum(["committed", "missing", "conflict", "error"]),
            node: node.optional(),
            missing_blocks: z.array(z.string()).optional(),
            code: z.string().optional(),
            message: z.string().optional(),
            field: z.string().optional(),
          }),
        ),
        seq: z.int(),
        epoch: z.string(),
      }),
    },
  }),
  queryBlocks: defineRoute({
    method: "POST",
    path: "/blocks/query",
    tag: "Blocks",
    access: "files:write",
    callers: ["link", "app_password"],
    role: "blocks",
    errors: ["quota", "store_full"],
    cost: "blocks",
    bodyKind: "json",
    summary: "Ask which blocks the server already has, and whether there is space for their files",
    body: z.object({
      hashes: z.array(hashHex).max(limits.queryHashesMax),
      version_ids: z.array(idText).max(limits.manifestsMax).optional(),
      into: idText.optional(),
      growth_bytes: z
        .int()
        .min(0)
        .optional()
        .describe("growth in bytes that a planned upload causes; 507 `quota` if the quota has no space for it"),
      send_bytes: z
        .int()
        .min(0)
        .optional()
        .describe("bytes that will be sent; 503 `store_full` if the server's disk has no space for them"),
    }),
    responses: { 200: z.object({ have: z.array(z.string()), missing: z.array(z.string()) }) },
  }),
  putBlocks: defineRoute({
    method: "POST",
    path: "/blocks",
    tag: "Blocks",
    access: "files:write",
    callers: ["link", "app_password"],
    role: "blocks",
    errors: ["quota", "store_full"],
    cost: "blocks",
    bodyKind: "frames",
    summary: "Store blocks, sent as frames",
    query: into,
    responses: { 200: z.object({ stored: z.int() }) },
  }),
  discardBlocks: defineRoute({
    method: "POST",
    path: "/blocks/discard",
    tag: "Blocks",
    access: "files:write",
    callers: ["link", "app_password"],
    role: "blocks",
    cost: "blocks",
    bodyKind: "json",
    summary:
      "Discard blocks that were sent for a failed upload: those that no file or upload refers to no longer count, and expire an hour later",
    body: z.object({ hashes: z.array(hashHex).max(limits.queryHashesMax), into: idText.optional() }),
    responses: { 200: z.object({ discarded: z.int(), bytes: z.int() }) },
  }),
  putBlock: defineRoute({
    method: "PUT",
    path: "/chunks/:hash",
    tag: "Blocks",
    access: "files:write",
    callers: ["link", "app_password"],
    role: "blocks",
    errors: ["quota", "store_full"],
    cost: "blocks",
    bodyKind: "bytes",
    summary: "Store one block, sent as plain bytes",
    params: z.object({ hash: hashHex }),
    query: into,
    responses: { 201: z.object({ hash: z.string(), size: z.int() }) },
  }),
  getBlock: defineRoute({
    method: "GET",
    path: "/blocks/:hash",
    tag: "Blocks",
    access: "files:read",
    callers: ["app_password"],
    role: "blocks",
    errors: ["range", "damaged"],
    cost: "blocks",
    bodyKind: "none",
    summary: "Get one block of the caller's own space as plain bytes; one Range is supported",
    params: z.object({ hash: hashHex }),
    responses: { 200: "bytes", 206: "bytes" },
  }),
  fetchBlocks: defineRoute({
    method: "POST",
    path: "/blocks/fetch",
    tag: "Blocks",
    access: "files:read",
    callers: ["link", "app_password"],
    role: "blocks",
    cost: "blocks",
    bodyKind: "json",
    summary:
      "Get many blocks as frames, in the order requested; an absent frame stands for a block that the caller may not read, or a damaged one",
    longLists: true,
    body: z.object({
      items: z
        .array(
          z.object({
            version_id: idText.optional(),
            hashes: z.array(hashHex).max(limits.fetchHashesMax),
            bases: z.record(hashHex, hashHex).optional(),
          }),
        )
        .max(limits.fetchHashesMax),
    }),
    responses: { 200: "bytes" },
  }),
  createBlockUploadUrl: defineRoute({
    method: "POST",
    path: "/blocks/upload-url",
    tag: "Blocks",
    access: "files:write",
    callers: ["link", "app_password"],
    role: "blocks",
    cost: "blocks",
    bodyKind: "json",
    summary: "Create a short-lived signed URL that accepts one PUT of this block without a token",
    body: z.object({ hash: hashHex, size: z.int().min(1).max(limits.blockBytesMax), into: idText.optional() }),
    responses: { 200: z.object({ url: z.string(), expires_at: z.string() }) },
  }),
  putSignedBlock: defineRoute({
    method: "PUT",
    path: "/blocks/signed/:grant",
    tag: "Blocks",
    access: "signed",
    role: "blocks",
    errors: ["quota", "store_full"],
    cost: "blocks",
    bodyKind: "bytes",
    summary: "Store the block of a signed URL",
    params: z.object({ grant: z.string().min(1).max(1024) }),
    responses: { 201: z.object({ hash: z.string(), size: z.int() }) },
  }),
};
