import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { cursorText, idText, node, nodeName, onConflict, role } from "./values.ts";

const linkToken = z.string().min(1).max(limits.tokenBytesMax);

const access = z
  .string()
  .max(limits.tokenBytesMax)
  .optional()
  .describe("token that the page adds to its own links after the password form");
const inFolder = idText.optional().describe("a folder below the link's folder; default: the link's folder");

const currentLink = z
  .object({
    node,
    role,
    owner_name: z.string(),
    has_password: z.boolean(),
    expires_at: z.string().nullable(),
    downloads_left: z.int().nullable().describe("null: unlimited"),
  })
  .meta({ id: "CurrentLink" });

/** Routes for visitors of a link, except reading and changing its content. */
export const linkRoutes = {
  startLinkSession: defineRoute({
    method: "POST",
    path: "/links/session",
    tag: "Links",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Exchange a link and its password for a token that replaces the link",
    body: z.object({ token: linkToken, password: z.string().min(1).max(limits.passwordBytesMax) }),
    responses: {
      200: z.object({ access_token: z.string(), expires_in: z.int().describe("seconds") }),
    },
  }),
  getCurrentLink: defineRoute({
    method: "GET",
    path: "/links/current",
    tag: "Links",
    access: "files:read",
    callers: ["link"],
    cost: "call",
    bodyKind: "none",
    summary: "Get the item and the permissions of the link in the request",
    responses: { 200: currentLink },
  }),
  copyFromLink: defineRoute({
    method: "POST",
    path: "/links/copy",
    tag: "Links",
    access: "files:write",
    errors: ["quota", "store_full"],
    cost: "call",
    bodyKind: "json",
    changes: true,
    summary: "Copy the item of a link into the caller's files; counts as one download",
    body: z.object({
      token: linkToken.describe("the link's token, or the one that replaces it after the password"),
      file_id: idText.optional().describe("an item below the link's item; default: the link's item"),
      parent_id: idText,
      name: nodeName.optional(),
      on_conflict: onConflict.optional(),
    }),
    responses: { 201: node },
  }),
  showLink: defineRoute({
    method: "GET",
    path: "/s/:token",
    tag: "Links",
    outside: true,
    access: "signed",
    cost: "call",
    bodyKind: "none",
    summary: "Show the page of a link, which works without JavaScript",
    params: z.object({ token: linkToken }),
    query: z.object({
      in: inFolder,
      cursor: cursorText.optional(),
      access,
      sent: z.coerce.number().int().min(0).max(1_000_000).optional(),
    }),
    responses: { 200: "bytes", 403: "bytes", 404: "bytes", 409: "bytes", 429: "bytes" },
  }),
  sendToLink: defineRoute({
    method: "POST",
    path: "/s/:token",
    tag: "Links",
    outside: true,
    access: "signed",
    cost: "upload",
    bodyKind: "bytes",
    summary: "Submit a form of that page: a password, or files (multipart/form-data)",
    params: z.object({ token: linkToken }),
    query: z.object({ in: inFolder, access }),
    responses: { 200: "bytes", 303: "bytes", 403: "bytes", 404: "bytes", 409: "bytes", 429: "bytes" },
  }),
  downloadFromLink: defineRoute({
    method: "GET",
    path: "/s/:token/files/:id",
    tag: "Links",
    outside: true,
    access: "signed",
    cost: "call",
    bodyKind: "none",
    summary: "Download a file, or a folder as a zip, from that page",
    params: z.object({ token: linkToken, id: idText }),
    query: z.object({ access }),
    responses: { 200: "bytes", 206: "bytes", 304: "empty", 403: "bytes", 404: "bytes", 409: "bytes", 429: "bytes" },
  }),
};
