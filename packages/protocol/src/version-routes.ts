import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { cursorText, hashHex, idText, page, person, seenFields, thumbTag } from "./values.ts";

const version = z
  .object({
    number: z.int(),
    version_id: z.string(),
    size: z.int(),
    content_id: z.string(),
    created_at: z.string(),
    modified_at: z
      .string()
      .optional()
      .describe("modification time of the file in this version; absent on older servers"),
    created_by: z.string(),
    author: person,
    device_id: z.string().nullable(),
    device_name: z
      .string()
      .optional()
      .describe("name of the device, only for the caller's own devices, including signed-out ones"),
    operation_id: z.string().nullable(),
    label: z.string().optional().describe("label set by a person; labeled versions are never pruned"),
    label_locked: z
      .literal(true)
      .optional()
      .describe("in lists: another account set the label, so only that account and the owner can change it"),
  })
  .meta({ id: "Version" });
export type VersionJson = z.output<typeof version>;

const prunedVersions = z
  .object({
    removed: z
      .int()
      .describe(
        "number of deleted versions (with dry_run: that would be deleted); labeled versions stay and are not counted",
      ),
    bytes: z
      .int()
      .describe("bytes freed; with dry_run the full sizes of these versions, which is more if versions share content"),
  })
  .meta({ id: "PrunedVersions" });
export type PrunedVersionsJson = z.output<typeof prunedVersions>;

/** Versions of a file. */
export const versionRoutes = {
  listVersions: defineRoute({
    method: "GET",
    path: "/files/:id/versions",
    tag: "Versions and trash",
    access: "files:read",
    callers: ["link", "app_password"],
    cost: "call",
    bodyKind: "none",
    summary: "List the versions of a file, newest first",
    params: z.object({ id: idText }),
    query: z.object({
      limit: z.coerce.number().int().min(1).max(limits.listItemsMax).optional(),
      cursor: cursorText.optional(),
      content_id: hashHex.optional().describe("only versions with this content"),
    }),
    responses: { 200: page(version).extend({ t: thumbTag }) },
  }),
  labelVersion: defineRoute({
    method: "PATCH",
    path: "/files/:id/versions/:number",
    tag: "Versions and trash",
    access: "files:write",
    errors: ["quota"],
    cost: "call",
    bodyKind: "json",
    changes: true,
    summary: "Set or remove the label of a version; labeled versions are never deleted automatically",
    params: z.object({ id: idText, number: z.string().min(1).max(64).describe("number or version_id") }),
    body: z.object({
      label: z.string().max(1024).nullable().describe("null or empty: remove the label"),
      ...seenFields,
    }),
    responses: { 200: version },
  }),
  pruneVersions: defineRoute({
    method: "POST",
    path: "/files/:id/versions/prune",
    tag: "Versions and trash",
    access: "files:write",
    rejectsSuspended: true,
    cost: "call",
    bodyKind: "json",
    asksProof: { dry_run: false },
    changes: true,
    summary: "Permanently delete old versions of a file, or of all files in a folder; owner only",
    params: z.object({ id: idText }),
    body: z.object({
      keep: z
        .int()
        .min(1)
        .max(Number.MAX_SAFE_INTEGER)
        .describe("number of newest versions of each file to keep, including the current one"),
      dry_run: z
        .boolean()
        .default(false)
        .describe("true: only count the versions that would be deleted; requires no proof"),
    }),
    responses: { 200: prunedVersions },
  }),
};
