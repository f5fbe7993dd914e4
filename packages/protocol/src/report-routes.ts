import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { cursorText, idText, nodeKind, page } from "./values.ts";

export const reportReasons = ["abuse", "malware", "copyright", "other"] as const;
export type ReportReason = (typeof reportReasons)[number];

/** In ascending severity. An action cannot be reduced to an earlier one. */
export const reportActions = ["none", "disable_link", "suspend_account"] as const;
export type ReportAction = (typeof reportActions)[number];

const report = z
  .object({
    id: z.string(),
    at: z.string(),
    reason: z.enum(reportReasons),
    text: z.string().nullable().describe("text of the reporter"),
    permission_id: z.string().describe("ID of the link, which may no longer exist"),
    node: z
      .object({ id: z.string(), name: z.string(), kind: nodeKind })
      .nullable()
      .describe("file or folder of the link; null if purged"),
    owner: z.object({ id: z.string(), name: z.string(), email: z.string() }).nullable(),
    state: z.enum(["open", "resolved"]),
    action: z.enum(reportActions).nullable().describe("action that resolved the report"),
    resolved_at: z.string().nullable(),
  })
  .meta({ id: "Report" });
export type ReportJson = z.output<typeof report>;

/** Reports by visitors of links, which administrators decide. */
export const reportRoutes = {
  reportLink: defineRoute({
    method: "POST",
    path: "/links/report",
    tag: "Links",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Report a link to the administrators; the answer does not reveal whether the link exists",
    body: z.object({
      token: z.string().min(1).max(limits.tokenBytesMax),
      reason: z.enum(reportReasons),
      text: z.string().optional(),
    }),
    responses: { 204: "empty" },
  }),
  sendReport: defineRoute({
    method: "POST",
    path: "/s/:token/report",
    tag: "Links",
    outside: true,
    access: "signed",
    cost: "sign_in",
    bodyKind: "bytes",
    summary: "Report a link by the form on its page",
    params: z.object({ token: z.string().min(1).max(limits.tokenBytesMax) }),
    responses: { 200: "bytes", 403: "bytes", 404: "bytes", 409: "bytes", 429: "bytes" },
  }),
  adminListReports: defineRoute({
    method: "GET",
    path: "/admin/reports",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "List reported links, newest first",
    query: z.object({
      open: z.enum(["true", "false"]).optional().describe("true: only unresolved reports"),
      limit: z.coerce.number().int().min(1).max(limits.listItemsMax).optional(),
      cursor: cursorText.optional(),
    }),
    responses: { 200: page(report) },
  }),
  adminResolveReport: defineRoute({
    method: "POST",
    path: "/admin/reports/:id/resolve",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    summary: "Decide on a report; the decision takes effect immediately",
    params: z.object({ id: idText }),
    body: z.object({ action: z.enum(reportActions) }),
    responses: { 200: report },
  }),
};
