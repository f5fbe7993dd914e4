import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { cursorText, idText, node, page, thumbTag, timeText } from "./values.ts";

const changed = node
  .extend({
    changed_at: timeText.describe(
      "time of this account's last change to the node, which determines the order of the list",
    ),
    changed_files: z
      .number()
      .int()
      .optional()
      .describe("with `group`: the node is a folder; number of files in it and below that were changed together"),
  })
  .meta({ id: "ChangedNode" });
export type ChangedNodeJson = z.output<typeof changed>;
const params = z.object({ id: idText });
const limit = z.coerce.number().int().min(1).max(limits.listItemsMax).optional();

/** Stars of an account, in its own space and in shares. */
export const starRoutes = {
  starNode: defineRoute({
    method: "PUT",
    path: "/files/:id/star",
    tag: "Files and folders",
    access: "files:write",
    cost: "call",
    bodyKind: "none",
    summary: "Star a node; stars are visible to this account only",
    params,
    responses: { 204: "empty" },
  }),
  unstarNode: defineRoute({
    method: "DELETE",
    path: "/files/:id/star",
    tag: "Files and folders",
    access: "files:write",
    cost: "call",
    bodyKind: "none",
    summary: "Remove the star of a node",
    params,
    responses: { 204: "empty" },
  }),
  listStarred: defineRoute({
    method: "GET",
    path: "/starred",
    tag: "Files and folders",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary: "List starred nodes that the account can see, most recent first",
    query: z.object({ limit, cursor: cursorText.optional() }),
    responses: { 200: page(node).extend({ t: thumbTag }) },
  }),
  listRecent: defineRoute({
    method: "GET",
    path: "/recent",
    tag: "Files and folders",
    access: "files:read",
    callers: ["app_password"],
    cost: "call",
    bodyKind: "none",
    summary: "List the files that this account changed recently, newest first; a single page",
    query: z.object({
      limit,
      group: z
        .enum(["true", "false"])
        .optional()
        .describe("true: one folder instead of ten or more files that were changed in it together, as by an upload"),
    }),
    responses: { 200: page(changed).extend({ t: thumbTag }) },
  }),
};
