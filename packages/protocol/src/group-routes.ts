import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { planName } from "./account-routes.ts";
import { defineRoute } from "./route.ts";
import { cursorText, idText, page } from "./values.ts";

const groupName = z.string().min(1).max(limits.groupNameLengthMax);
export const groupRole = z.enum(["member", "manager"]);
const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(limits.listItemsMax).optional(),
  cursor: cursorText.optional(),
});
const ofGroup = z.object({ id: idText });
/** Administrators may use an address as `user_id`. */
const ofMember = z.object({ id: idText, user_id: z.string().min(1).max(limits.emailBytesMax) });

export const group = z
  .object({
    id: z.string(),
    name: z.string(),
    role: groupRole.nullable().describe("role of the caller; null for an administrator who is not a member"),
    members: z.int(),
    plan: z.string().nullable().describe("plan of its members, if it is larger than their own; null: none"),
    created_at: z.string(),
  })
  .meta({ id: "Group" });

export type GroupJson = z.output<typeof group>;

export const groupMember = z
  .object({ user_id: z.string(), name: z.string(), email: z.string(), role: groupRole, disabled: z.boolean() })
  .meta({ id: "GroupMember" });

/** Groups of people for sharing. Administrators and managers change a group; its members see it. */
export const groupRoutes = {
  createGroup: defineRoute({
    method: "POST",
    path: "/groups",
    tag: "Sharing",
    access: "account",
    cost: "call",
    changes: true,
    bodyKind: "json",
    summary: "Create a group; administrators only",
    body: z.object({ name: groupName }),
    responses: { 201: group },
  }),
  listGroups: defineRoute({
    method: "GET",
    path: "/groups",
    tag: "Sharing",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "List the caller's groups; for administrators, all groups",
    query: pageQuery,
    responses: { 200: page(group) },
  }),
  updateGroup: defineRoute({
    method: "PATCH",
    path: "/groups/:id",
    tag: "Sharing",
    access: "account",
    cost: "call",
    changes: true,
    bodyKind: "json",
    summary: "Rename a group or, for administrators, set its plan; null removes the plan",
    params: ofGroup,
    body: z.object({ name: groupName.optional(), plan: planName.nullable().optional() }),
    responses: { 200: group },
  }),
  deleteGroup: defineRoute({
    method: "DELETE",
    path: "/groups/:id",
    tag: "Sharing",
    access: "account",
    cost: "call",
    changes: true,
    bodyKind: "none",
    asksProof: "sometimes",
    summary: "Delete a group; its members lose access to everything shared with it",
    params: ofGroup,
    responses: { 204: "empty" },
  }),
  listGroupMembers: defineRoute({
    method: "GET",
    path: "/groups/:id/members",
    tag: "Sharing",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary:
      "List the members of a group, for members and administrators; suspended accounts only for those who may change the group",
    params: ofGroup,
    query: pageQuery,
    responses: { 200: page(groupMember) },
  }),
  setGroupMember: defineRoute({
    method: "PUT",
    path: "/groups/:id/members/:user_id",
    tag: "Sharing",
    access: "account",
    cost: "call",
    changes: true,
    bodyKind: "json",
    summary: "Add a member to a group, or change the member's role",
    params: ofMember,
    body: z.object({ role: groupRole.default("member") }),
    responses: { 200: groupMember },
  }),
  removeGroupMember: defineRoute({
    method: "DELETE",
    path: "/groups/:id/members/:user_id",
    tag: "Sharing",
    access: "account",
    cost: "call",
    changes: true,
    bodyKind: "none",
    asksProof: "sometimes",
    summary: "Remove a member from a group; takes effect with the next request",
    params: ofMember,
    responses: { 204: "empty" },
  }),
};
