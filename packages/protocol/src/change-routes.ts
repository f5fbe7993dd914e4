import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { cursorText, idText, node, page } from "./values.ts";

const limit = z.coerce.number().int().min(1).max(limits.listItemsMax).optional();
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
  tag: "Changes",
  access: "files:read",
  callers: ["link", "app_password"],
  role: "notify",
  errors: ["reset"],
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

export const changeRoutes = {
  getStartToken: defineRoute({
    method: "GET",
    path: "/changes/start_token",
    tag: "Changes",
    access: "files:read",
    callers: ["link", "app_password"],
    errors: ["reset"],
    cost: "call",
    bodyKind: "none",
    summary: "Get a cursor at the head of the journal",
    responses: { 200: z.object({ token: z.string() }) },
  }),
  listChanges: defineRoute({
    method: "GET",
    path: "/changes/list",
    tag: "Changes",
    access: "files:read",
    callers: ["link", "app_password"],
    errors: ["reset"],
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
    tag: "Changes",
    access: "files:read",
    callers: ["link", "app_password"],
    errors: ["reset"],
    cost: "call",
    bodyKind: "none",
    summary: "List all visible nodes in the order of their IDs, with a cursor for the changes made meanwhile",
    query: z.object({ cursor: cursorText.optional(), limit }),
    responses: {
      200: page(node).extend({
        token: z.string().describe("position before the first page, the same on all pages"),
        epoch: z.string(),
        ...spaceSeqs,
      }),
    },
  }),
  pollChanges: defineRoute({
    ...poll,
    path: "/notifications/poll",
    tag: "Changes",
    summary: "Wait for a change since a cursor; 204 after the seconds in the Timeout header (1 to 90) without one",
  }),
  pollEvents: defineRoute({ ...poll, path: "/events", summary: "The same as /notifications/poll" }),
  queryNodes: defineRoute({
    method: "POST",
    path: "/nodes/query",
    tag: "Changes",
    access: "files:read",
    callers: ["link", "app_password"],
    cost: "call",
    bodyKind: "json",
    summary: "Check whether nodes are live, in the trash or gone",
    body: z.object({ ids: z.array(idText).max(limits.listItemsMax) }),
    responses: {
      200: z.object({ items: z.array(z.object({ id: z.string(), state: z.enum(["live", "trashed", "gone"]) })) }),
    },
  }),
};
