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
const change = z
  .object({
    seq: z.int(),
    kind: z.enum(["changed", "appeared", "gone"]),
    id: z.string(),
    node: node
      .optional()
      .describe("current state, so its seq may be higher than the entry's; absent if the node is gone"),
    rewound: z.literal(true).optional().describe("for gone nodes: moved to the trash by a rewind"),
    approved: z
      .literal(true)
      .optional()
      .describe("for gone nodes: the deletion was confirmed on a device of the caller's account"),
    from_trash: z
      .literal(true)
      .optional()
      .describe("for gone nodes: it was already in the trash, and this entry purged it"),
    existed: z
      .literal(true)
      .optional()
      .describe(
        "for changed folders and mounts: created before this entry. A client that does not know it must list its content",
      ),
    revision: z.string().optional().describe("with own=brief: the revision that the device's own operation returned"),
  })
  .meta({ id: "Change" });
export type ChangeJson = z.output<typeof change>;
/** Journal positions of the spaces in view. */
const spaceSeqs = {
  seq: z.int().optional().describe("journal position in the account's own space"),
  share_seqs: z
    .record(z.string(), z.int())
    .optional()
    .describe("mount ID -> journal position of the space that it shows"),
};

/** Type of the newest change, for people and scripts. Programs request the changes. */
export const eventTypes = [
  "file_create",
  "file_update",
  "file_delete",
  "folder_create",
  "folder_update",
  "folder_delete",
  "notification",
] as const;
export type EventType = (typeof eventTypes)[number];

/** A long poll with a cursor in its query. The header `Timeout` sets its duration. */
const poll = {
  method: "GET",
  access: "files:read",
  cost: "poll",
  bodyKind: "none",
  query: z.object({ since_token: cursorText }),
  responses: {
    200: z
      .object({
        event_type: z.enum(eventTypes).describe("type of the newest change"),
        file_id: z.string().optional().describe("absent for a notification without a file"),
        timestamp: z.string(),
        changes: z.boolean().describe("false: a notification arrived, and no file has changed"),
        backoff: z.int().optional().describe("seconds to wait before the next request"),
      })
      .meta({ id: "Wake" }),
    204: "empty",
  },
} as const;

export const nodeRoutes = {
  lookUpPath: defineRoute({
    method: "GET",
    path: "/metadata",
    access: "files:read",
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
    access: "files:write",
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
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary: "Get a node by ID",
    params: idParams,
    responses: { 200: node },
  }),
  updateNode: defineRoute({
    method: "PATCH",
    path: "/files/:id",
    access: "files:write",
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
    access: "files:write",
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
    access: "files:write",
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
    access: "files:read",
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
    access: "files:write",
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
    access: "files:read",
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
    access: "files:write",
    cost: "call",
    bodyKind: "json",
    changes: true,
    summary: "Restore a deleted node to where it was, or to another folder",
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
    access: "files:write",
    cost: "call",
    bodyKind: "none",
    changes: true,
    summary: "Delete one node in the trash permanently",
    params: idParams,
    query: z.object(seenQuery),
    responses: { 204: "empty" },
  }),
  getStartToken: defineRoute({
    method: "GET",
    path: "/changes/start_token",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary: "Get a cursor at the head of the journal",
    responses: { 200: z.object({ token: z.string() }) },
  }),
  listChanges: defineRoute({
    method: "GET",
    path: "/changes/list",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary: "List changes since a cursor",
    query: z.object({
      since_token: cursorText,
      limit,
      include: z
        .enum(["blocks"])
        .optional()
        .describe("blocks: lists of up to 16 blocks inline, except for content that the calling device sent itself"),
      own: z
        .enum(["brief"])
        .optional()
        .describe(
          "brief: if the calling device changed a live node last, the entry has the node's revision instead of the node",
        ),
    }),
    responses: {
      200: z.object({
        changes: z.array(change),
        next_token: z.string(),
        has_more: z.boolean(),
        epoch: z.string(),
        ...spaceSeqs,
      }),
    },
  }),
  getSnapshot: defineRoute({
    method: "GET",
    path: "/changes/snapshot",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary: "List all visible nodes in the order of their IDs, with a cursor for the changes made meanwhile",
    query: z.object({ cursor: cursorText.optional(), limit }),
    responses: {
      200: nodePage.extend({
        token: z.string().describe("position before the first page, the same on all pages"),
        epoch: z.string(),
        ...spaceSeqs,
      }),
    },
  }),
  pollChanges: defineRoute({
    ...poll,
    path: "/notifications/poll",
    summary: "Wait for a change since a cursor; 204 after the seconds in the Timeout header (1 to 90) without one",
  }),
  pollEvents: defineRoute({ ...poll, path: "/events", summary: "The same as /notifications/poll" }),
  queryNodes: defineRoute({
    method: "POST",
    path: "/nodes/query",
    access: "files:read",
    cost: "call",
    bodyKind: "json",
    summary: "Check whether nodes are live, in the trash or gone",
    body: z.object({ ids: z.array(idText).max(limits.listItemsMax) }),
    responses: {
      200: z.object({ items: z.array(z.object({ id: z.string(), state: z.enum(["live", "trashed", "gone"]) })) }),
    },
  }),
};
