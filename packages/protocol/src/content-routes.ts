import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import {
  hashHex,
  idText,
  metadataJson,
  node,
  nodeName,
  onConflict,
  pathText,
  seenFields,
  seenQuery,
  timeText,
} from "./values.ts";

const idParams = z.object({ id: idText });
const uploadState = z
  .object({ size: z.int(), total: z.int().nullable(), complete: z.boolean(), node: node.optional() })
  .meta({ id: "UploadState" });
const uploadStarted = z.object({ upload_url: z.string(), upload_id: z.string(), expires_at: z.string() });

const pageLimit = z.coerce.number().int().min(1).max(limits.listItemsMax).optional();
const damagedPage = z
  .object({
    items: z.array(
      z.object({
        hash: hashHex,
        size: z.int(),
        files: z
          .array(z.object({ node_id: z.string(), path: z.string(), version: z.int(), version_id: z.string() }))
          .describe("versions that contain the block"),
      }),
    ),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: "DamagedPage" });

/** Fields that start a resumable upload. The commit may correct some of them. */
const commitFields = {
  name: nodeName.optional(),
  parent_id: idText.optional(),
  path: pathText.optional(),
  file_id: idText.optional(),
  ...seenFields,
  on_conflict: onConflict.optional(),
};

const uploadStart = z
  .object({
    ...commitFields,
    size: z.int().min(0).optional().describe("checked against the quota immediately"),
    modified_at: timeText.optional(),
    executable: z.boolean().optional(),
    private: z.boolean().optional(),
    metadata: metadataJson.optional(),
    sha256: hashHex.optional().describe("verified before the commit"),
  })
  .meta({ id: "UploadStart" });

export const contentRoutes = {
  upload: defineRoute({
    method: "POST",
    path: "/files/upload",
    tag: "Uploads and downloads",
    access: "files:write",
    callers: ["link", "app_password"],
    role: "blocks",
    errors: ["offset", "superseded", "hash_mismatch", "quota", "store_full"],
    cost: "upload",
    bodyKind: "bytes",
    changes: true,
    summary:
      "Upload a file in one request (uploadType=media, raw body), or start a resumable upload (uploadType=resumable, JSON body)",
    query: z.object({
      uploadType: z.enum(["media", "resumable"]).optional(),
      resumable: z.enum(["true", "false", "1", "0"]).optional(),
      parent_id: idText.optional(),
      name: nodeName.optional(),
      path: pathText.optional(),
      file_id: idText.optional(),
      size: z
        .string()
        .regex(/^\d{1,16}$/, "is not a number of bytes")
        .transform(Number)
        .optional(),
      ...seenQuery,
      on_conflict: onConflict.optional(),
      sha256: hashHex.optional(),
      modified_at: timeText.optional(),
      executable: z.enum(["true", "false", "1", "0"]).optional(),
      private: z.enum(["true", "false", "1", "0"]).optional(),
    }),
    body: uploadStart.optional().describe("start of a resumable upload; fields may also be query parameters"),
    responses: { 200: z.union([node, uploadStarted]), 201: node },
  }),
  putUpload: defineRoute({
    method: "PUT",
    path: "/upload/:id",
    tag: "Uploads and downloads",
    access: "files:write",
    callers: ["link", "app_password"],
    role: "blocks",
    errors: ["offset", "superseded", "hash_mismatch", "quota", "store_full"],
    cost: "upload",
    bodyKind: "bytes",
    changes: true,
    summary: "Append a part (Content-Range), or ask for the state with an empty one",
    params: idParams,
    responses: { 200: node, 201: node, 308: "empty" },
  }),
  postUpload: defineRoute({
    method: "POST",
    path: "/upload/:id",
    tag: "Uploads and downloads",
    access: "files:write",
    callers: ["link", "app_password"],
    role: "blocks",
    errors: ["offset", "superseded", "hash_mismatch", "quota", "store_full"],
    cost: "upload",
    bodyKind: "bytes",
    changes: true,
    summary: "The same as PUT",
    params: idParams,
    responses: { 200: node, 201: node, 308: "empty" },
  }),
  getUpload: defineRoute({
    method: "GET",
    path: "/upload/:id",
    tag: "Uploads and downloads",
    access: "files:write",
    callers: ["link", "app_password"],
    role: "blocks",
    cost: "call",
    bodyKind: "none",
    summary: "Get how many bytes of an upload are durable",
    params: idParams,
    responses: { 200: uploadState },
  }),
  deleteUpload: defineRoute({
    method: "DELETE",
    path: "/upload/:id",
    tag: "Uploads and downloads",
    access: "files:write",
    callers: ["link", "app_password"],
    role: "blocks",
    cost: "call",
    bodyKind: "none",
    summary: "Cancel an upload",
    params: idParams,
    responses: { 204: "empty" },
  }),
  commitUpload: defineRoute({
    method: "POST",
    path: "/upload/:id/commit",
    tag: "Uploads and downloads",
    access: "files:write",
    callers: ["link", "app_password"],
    role: "blocks",
    errors: ["offset", "superseded", "hash_mismatch", "quota", "store_full"],
    cost: "call",
    bodyKind: "json",
    changes: true,
    summary: "Retry the commit of a complete upload, optionally under another name",
    params: idParams,
    body: z.object(commitFields).optional(),
    responses: { 200: node, 201: node },
  }),
  download: defineRoute({
    method: "GET",
    path: "/files/:id/download",
    tag: "Uploads and downloads",
    access: "files:read",
    callers: ["link", "app_password"],
    role: "blocks",
    errors: ["range", "damaged"],
    cost: "call",
    bodyKind: "none",
    summary: "Download a file, or a folder as a zip; supports Range, If-Range, If-None-Match and HEAD",
    params: idParams,
    query: z.object({ version: z.string().min(1).max(64).optional() }),
    responses: { 200: "bytes", 206: "bytes", 304: "empty" },
  }),
  listDamaged: defineRoute({
    method: "GET",
    path: "/damaged",
    tag: "Versions and trash",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary: "List your damaged blocks and the files that need them; sending the blocks again repairs them",
    query: z.object({ limit: pageLimit, cursor: hashHex.optional() }),
    responses: { 200: damagedPage },
  }),
};
