import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { cursorText, idText, node, nodeName, page, role, timeText, thumbTag } from "./values.ts";

const idParams = z.object({ id: idText });
const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(limits.listItemsMax).optional(),
  cursor: cursorText.optional(),
});
const emailText = z.string().min(3).max(320);
const linkName = z.string().min(1).max(limits.linkNameBytesMax);
const linkPassword = z.string().min(1).max(1024);
const downloadCount = z.int().min(1).max(1_000_000_000);

export const permission = z
  .object({
    id: z.string(),
    node_id: z.string(),
    grantee: z.object({
      kind: z.enum(["user", "group", "pending", "link"]),
      id: z.string().optional(),
      email: z.string().optional(),
      name: z.string().optional(),
    }),
    role,
    expires_at: z.string().nullable(),
    created_by: z.string().describe("ID of the account"),
    created_at: z.string(),
    has_password: z.boolean().optional().describe("only for links, as are the following fields"),
    max_downloads: z.int().nullable().optional(),
    downloads: z.int().optional(),
    last_used_at: z.string().nullable().optional().describe("to the minute; null: not used since servers record this"),
    disabled: z.literal(true).optional().describe("true: an administrator has disabled the link"),
    app: z.literal(true).optional().describe("true: belongs to an app password, and has no public address"),
    inherited_from: z.string().optional().describe("ancestor on which the permission was set"),
  })
  .meta({ id: "Permission" });
export type PermissionJson = z.output<typeof permission>;

const shared = z
  .object({
    node,
    permission,
    owner: z.object({ id: z.string(), name: z.string(), email: z.string() }),
    mount_id: z.string().nullable().describe("ID of the mount in the caller's own space"),
  })
  .meta({ id: "Shared" });
export type SharedJson = z.output<typeof shared>;

const linkToken = z.string().describe("secret of the link");
const linkUrl = z.string().describe("address of the link");

const newPermission = permission.extend({
  token: linkToken.optional(),
  url: linkUrl.optional(),
  invitation_url: z
    .string()
    .optional()
    .describe(
      "for administrators: invitation link for an address without an account; the new account receives the shared items",
    ),
  invitation_expires_at: z.string().optional().describe("expiry of `invitation_url`, which works once"),
});

export type NewPermissionJson = z.output<typeof newPermission>;

/** Permissions, links and mounts. */
export const sharingRoutes = {
  shareNode: defineRoute({
    method: "POST",
    path: "/files/:id/share",
    tag: "Sharing",
    access: "files:write",
    rejectsSuspended: true,
    cost: "call",
    bodyKind: "json",
    changes: true,
    summary: "Give a person, a group or anyone with a link a role on a node and everything below it",
    params: idParams,
    body: z.object({
      email: emailText.optional(),
      user_id: idText.optional(),
      group_id: idText.optional(),
      link: z.literal(true).optional(),
      role,
      expires_at: timeText.nullable().optional(),
      message: z.string().max(limits.shareMessageBytesMax).optional(),
      name: linkName.optional(),
      password: linkPassword.optional(),
      max_downloads: downloadCount.optional(),
    }),
    responses: { 200: newPermission, 201: newPermission },
  }),
  listPermissions: defineRoute({
    method: "GET",
    path: "/files/:id/permissions",
    tag: "Sharing",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary: "List the permissions on a node, including inherited ones",
    params: idParams,
    responses: { 200: page(permission) },
  }),
  updatePermission: defineRoute({
    method: "PATCH",
    path: "/permissions/:id",
    tag: "Sharing",
    access: "files:write",
    rejectsSuspended: true,
    cost: "call",
    bodyKind: "json",
    changes: true,
    summary: "Change a permission; takes effect immediately",
    params: idParams,
    body: z.object({
      role: role.optional(),
      expires_at: timeText.nullable().optional(),
      name: linkName.nullable().optional(),
      password: linkPassword.nullable().optional(),
      max_downloads: downloadCount.nullable().optional(),
    }),
    responses: { 200: permission },
  }),
  readLinkAddress: defineRoute({
    method: "POST",
    path: "/permissions/:id/link",
    tag: "Sharing",
    access: "files:write",
    rejectsSuspended: true,
    cost: "call",
    bodyKind: "none",
    summary: "Read the address of a link again; for the owner of the shared item and the creator of the link",
    params: idParams,
    responses: { 200: z.object({ token: linkToken, url: linkUrl }) },
  }),
  deletePermission: defineRoute({
    method: "DELETE",
    path: "/permissions/:id",
    tag: "Sharing",
    access: "files:write",
    cost: "call",
    bodyKind: "none",
    changes: true,
    summary: "Remove a permission, or leave an item that was shared with you; takes effect immediately",
    params: idParams,
    responses: { 204: "empty" },
  }),
  listSharedWithMe: defineRoute({
    method: "GET",
    path: "/shared-with-me",
    tag: "Sharing",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary: "List items that others share with the caller or the caller's groups",
    query: pageQuery,
    responses: { 200: page(shared).extend({ t: thumbTag }) },
  }),
  listSharedByMe: defineRoute({
    method: "GET",
    path: "/shared-by-me",
    tag: "Sharing",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary: "List items that the caller shares with others",
    query: pageQuery,
    responses: { 200: page(shared).extend({ t: thumbTag }) },
  }),
  createMount: defineRoute({
    method: "POST",
    path: "/mounts",
    tag: "Sharing",
    access: "files:write",
    cost: "call",
    bodyKind: "json",
    changes: true,
    summary: "Add a folder that someone shares with the caller to the caller's own space",
    body: z.object({ node_id: idText, parent_id: idText.optional(), name: nodeName.optional() }),
    responses: { 201: node },
  }),
};
