import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { notificationKinds } from "./account-settings.ts";
import { defineRoute } from "./route.ts";
import { cursorText, idText, page, person } from "./values.ts";

const flag = z.enum(["true", "false", "1", "0"]).transform((text) => text === "true" || text === "1");
const notification = z
  .object({
    id: z.string(),
    at: z.string(),
    kind: z.enum(notificationKinds),
    read: z.boolean(),
    actor: person.optional(),
    node: z
      .object({ id: z.string(), name: z.string(), path: z.string().optional() })
      .optional()
      .describe("absent if the caller can no longer see it"),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "Notification" });
export type NotificationJson = z.output<typeof notification>;

export const notificationRoutes = {
  listNotifications: defineRoute({
    method: "GET",
    path: "/notifications",
    tag: "Comments and notices",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary: "List the caller's notifications, newest first",
    query: z.object({
      unread: flag.optional().describe("true: only unread notifications"),
      limit: z.coerce.number().int().min(1).max(limits.notificationsPageMax).optional(),
      cursor: cursorText.optional(),
    }),
    responses: { 200: page(notification) },
  }),
  readNotifications: defineRoute({
    method: "POST",
    path: "/notifications/read",
    tag: "Comments and notices",
    access: "account",
    cost: "call",
    bodyKind: "json",
    summary: "Mark a notification and all older ones as read",
    body: z.object({ up_to: z.string().min(1).max(64).describe("ID of a notification, or a time") }),
    responses: { 200: z.object({ unread: z.int().describe("number of unread notifications") }) },
  }),
  getWatch: defineRoute({
    method: "GET",
    path: "/files/:id/watch",
    tag: "Comments and notices",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary: "Get whether the caller watches a node",
    params: z.object({ id: idText }),
    responses: {
      200: z.object({
        watched: z.boolean(),
        folder_watched: z.boolean().describe("the caller watches a parent folder"),
      }),
    },
  }),
  watchNode: defineRoute({
    method: "PUT",
    path: "/files/:id/watch",
    tag: "Comments and notices",
    access: "files:write",
    cost: "call",
    bodyKind: "none",
    summary: "Get notified of changes that others make to a file, or to anything in a folder",
    params: z.object({ id: idText }),
    responses: { 204: "empty" },
  }),
  unwatchNode: defineRoute({
    method: "DELETE",
    path: "/files/:id/watch",
    tag: "Comments and notices",
    access: "files:write",
    cost: "call",
    bodyKind: "none",
    summary: "Stop notifications about a node",
    params: z.object({ id: idText }),
    responses: { 204: "empty" },
  }),
};
