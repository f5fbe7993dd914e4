import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import {
  cursorText,
  idText,
  metadataJson,
  newId,
  node,
  nodeName,
  nodesOrRows,
  onConflict,
  page,
  pathText,
  seenFields,
  seenQuery,
  thumbTag,
  timeText,
} from "./values.ts";

const idParams = z.object({ id: idText });
const flag = z.enum(["true", "false", "1", "0"]).transform((text) => text === "true" || text === "1");
const limit = z.coerce.number().int().min(1).max(limits.listItemsMax).optional();
export const sortOrder = z.enum([
  "name",
  "-name",
  "modified_at",
  "-modified_at",
  "created_at",
  "-created_at",
  "size",
  "-size",
  "natural",
  "-natural",
]);
export type SortOrder = z.output<typeof sortOrder>;

const journalEpoch = z
  .string()
  .max(64)
  .optional()
  .describe("epoch of `seen`; 410 if the server has been restored since");

const nodePage = page(node);

export const nodeRoutes = {
  lookUpPath: defineRoute({
    method: "GET",
    path: "/metadata",
    tag: "Files and folders",
    access: "files:read",
    callers: ["link", "app_password"],
    cost: "call",
    bodyKind: "none",
    summary: "Get the node at a path and, for a folder, the first page of its children",
    query: z.object({ path: pathText, limit, sort: sortOrder.optional() }),
    responses: {
      200: node.extend({
        items: z.array(node).optional(),
        next_cursor: z.string().nullable().optional(),
        t: thumbTag.optional(),
      }),
    },
  }),
  createNode: defineRoute({
    method: "POST",
    path: "/metadata",
    tag: "Files and folders",
    access: "files:write",
    callers: ["link", "app_password"],
    errors: ["quota"],
    cost: "call",
    bodyKind: "json",
    changes: true,
    summary: "Create a folder or a symbolic link",
    body: z.object({
      path: pathText.optional(),
      parent_id: idText.optional(),
      name: nodeName.optional(),
      kind: z.enum(["folder", "symlink"]),
      target: z.string().min(1).max(limits.symlinkTargetBytesMax).optional(),
      id: newId.optional(),
      parents: z.boolean().optional(),
      on_conflict: onConflict.optional(),
      modified_at: timeText.optional(),
      executable: z.boolean().optional(),
      private: z.boolean().optional(),
      metadata: metadataJson.optional(),
    }),
    responses: { 201: node },
  }),
  getNode: defineRoute({
    method: "GET",
    path: "/files/:id",
    tag: "Files and folders",
    access: "files:read",
    callers: ["link", "app_password"],
    cost: "call",
    bodyKind: "none",
    summary: "Get a node by ID",
    params: idParams,
    responses: { 200: node },
  }),
  updateNode: defineRoute({
    method: "PATCH",
    path: "/files/:id",
    tag: "Files and folders",
    access: "files:write",
    callers: ["link", "app_password"],
    errors: ["quota"],
    cost: "call",
    bodyKind: "json",
    changes: true,
    summary: "Rename or move a node, or set its times, executable bit, privacy and metadata",
    params: idParams,
    body: z.object({
      name: nodeName.optional(),
      parent_id: idText.optional(),
      modified_at: timeText.optional(),
      executable: z.boolean().optional(),
      private: z.boolean().optional(),
      metadata: metadataJson.optional(),
      editors_can_share: z
        .boolean()
        .optional()
        .describe("set by the owner; false: only the owner can share this folder and everything below it"),
      on_conflict: onConflict.optional(),
      ...seenFields,
    }),
    responses: { 200: node },
  }),
  deleteNode: defineRoute({
    method: "DELETE",
    path: "/files/:id",
    tag: "Files and folders",
    access: "files:write",
    callers: ["link", "app_password"],
    cost: "call",
    bodyKind: "none",
    changes: true,
    summary: "Move a node to the trash, or delete it permanently with permanent=true",
    params: idParams,
    query: z.object({
      permanent: flag.optional(),
      seen: z.coerce.number().int().min(0).optional(),
      epoch: journalEpoch,
      ...seenQuery,
    }),
    responses: { 200: node, 204: "empty" },
  }),
  copyNode: defineRoute({
    method: "POST",
    path: "/files/:id/copy",
    tag: "Files and folders",
    access: "files:write",
    callers: ["link", "app_password"],
    errors: ["quota", "store_full"],
    cost: "call",
    bodyKind: "json",
    changes: true,
    summary: "Copy a file, or a folder with everything in it; no content is transferred",
    params: idParams,
    body: z.object({ parent_id: idText, name: nodeName.optional(), on_conflict: onConflict.optional(), ...seenFields }),
    responses: { 201: node },
  }),
  listFolder: defineRoute({
    method: "GET",
    path: "/folders/:id/contents",
    tag: "Files and folders",
    access: "files:read",
    callers: ["link", "app_password"],
    cost: "call",
    bodyKind: "none",
    summary: "List the children of a folder or, with recursive=true, everything below it, parents first",
    params: idParams,
    query: z.object({
      limit,
      cursor: cursorText.optional(),
      sort: sortOrder.optional(),
      recursive: flag.optional(),
      include: z.enum(["blocks"]).optional(),
      fields: z.enum(["row"]).optional().describe("row: a few fields of each node, for very long lists"),
    }),
    responses: {
      200: nodePage.extend({
        items: nodesOrRows,
        t: thumbTag,
        total: z
          .int()
          .optional()
          .describe(
            "on the first page: number of children; with recursive the number of all nodes below, absent above 10,000",
          ),
      }),
    },
  }),
  restoreVersion: defineRoute({
    method: "POST",
    path: "/files/:id/restore",
    tag: "Versions and trash",
    access: "files:write",
    callers: ["link", "app_password"],
    cost: "call",
    bodyKind: "none",
    changes: true,
    summary: "Restore an old version as the newest",
    params: idParams,
    query: z.object({ version: z.string().min(1).max(64), ...seenQuery }),
    responses: { 200: node },
  }),
  listTrash: defineRoute({
    method: "GET",
    path: "/trash",
    tag: "Versions and trash",
    access: "files:read",
    callers: ["app_password"],
    cost: "call",
    bodyKind: "none",
    summary: "List deleted items, newest first; with in=, those from one folder, which may be a shared one",
    query: z.object({ in: idText.optional(), limit, cursor: cursorText.optional() }),
    responses: {
      200: nodePage.extend({
        t: thumbTag,
        seq: z
          .int()
          .optional()
          .describe("on the first page, without in: journal position of the list, for `seen` of DELETE /trash"),
        epoch: z.string().optional().describe("with seq: the epoch in which it counts, for DELETE /trash"),
      }),
    },
  }),
  restoreFromTrash: defineRoute({
    method: "POST",
    path: "/trash/:id/restore",
    tag: "Versions and trash",
    access: "files:write",
    callers: ["link", "app_password"],
    cost: "call",
    bodyKind: "json",
    changes: true,
    summary: "Restore a deleted node to its original folder, or to another one",
    params: idParams,
    body: z
      .object({
        parent_id: idText.optional(),
        name: nodeName.optional(),
        on_conflict: onConflict.optional(),
        ...seenFields,
      })
      .optional(),
    responses: { 200: node },
  }),
  emptyTrash: defineRoute({
    method: "DELETE",
    path: "/trash",
    tag: "Versions and trash",
    access: "files:write",
    cost: "call",
    bodyKind: "none",
    changes: true,
    summary: "Delete everything in the trash permanently; with seen=, only items that have not changed since then",
    query: z.object({
      seen: z.coerce.number().int().min(0).optional().describe("`seq` of the list of the trash; requires epoch"),
      epoch: journalEpoch,
    }),
    responses: { 200: z.object({ purged: z.int().describe("number of items that the list of the trash had") }) },
  }),
  purgeFromTrash: defineRoute({
    method: "DELETE",
    path: "/trash/:id",
    tag: "Versions and trash",
    access: "files:write",
    cost: "call",
    bodyKind: "none",
    changes: true,
    summary: "Delete one node in the trash permanently",
    params: idParams,
    query: z.object(seenQuery),
    responses: { 204: "empty" },
  }),
};
