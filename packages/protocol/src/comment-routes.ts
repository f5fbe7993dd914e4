import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { cursorText, idText, page, person } from "./values.ts";

const comment = z
  .object({
    id: z.string(),
    text: z.string(),
    author: person,
    mentions: z.array(person),
    at: z.string(),
    edited_at: z.string().nullable(),
    resolved: z.boolean(),
  })
  .meta({ id: "Comment" });
export type CommentJson = z.output<typeof comment>;

const idParams = z.object({ id: idText });
const written = {
  text: z.string().min(1).max(limits.commentBytesMax),
  mentions: z.array(idText).max(limits.mentionsMax).optional().describe("IDs of people who can see the file"),
};

export const commentRoutes = {
  listComments: defineRoute({
    method: "GET",
    path: "/files/:id/comments",
    tag: "Comments and notices",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary: "List the comments on a file or folder, oldest first",
    params: idParams,
    query: z.object({
      limit: z.coerce.number().int().min(1).max(limits.listItemsMax).optional(),
      cursor: cursorText.optional(),
    }),
    responses: { 200: page(comment) },
  }),
  createComment: defineRoute({
    method: "POST",
    path: "/files/:id/comments",
    tag: "Comments and notices",
    access: "files:write",
    errors: ["quota"],
    cost: "call",
    bodyKind: "json",
    changes: true,
    summary: "Comment on a file or folder",
    params: idParams,
    body: z.object(written),
    responses: { 201: comment },
  }),
  updateComment: defineRoute({
    method: "PATCH",
    path: "/comments/:id",
    tag: "Comments and notices",
    access: "files:write",
    errors: ["quota"],
    cost: "call",
    bodyKind: "json",
    changes: true,
    summary: "Edit a comment; only its author may",
    params: idParams,
    body: z.object(written),
    responses: { 200: comment },
  }),
  deleteComment: defineRoute({
    method: "DELETE",
    path: "/comments/:id",
    tag: "Comments and notices",
    access: "files:write",
    cost: "call",
    bodyKind: "none",
    changes: true,
    summary: "Delete a comment; its author and the owner of the file may",
    params: idParams,
    responses: { 204: "empty" },
  }),
  resolveComment: defineRoute({
    method: "POST",
    path: "/comments/:id/resolve",
    tag: "Comments and notices",
    access: "files:write",
    cost: "call",
    bodyKind: "json",
    changes: true,
    summary: "Mark a comment as resolved, or with resolved=false as open again",
    params: idParams,
    body: z.object({ resolved: z.boolean().optional() }).optional(),
    responses: { 200: comment },
  }),
};
