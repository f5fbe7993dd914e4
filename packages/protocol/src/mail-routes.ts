import { z } from "zod";
import { defineRoute } from "./route.ts";
import { page } from "./values.ts";

const token = z.object({ token: z.string().min(1).max(512) });

const unsentLink = z
  .object({
    id: z.string(),
    to: z.string().describe("e-mail address of the recipient"),
    template: z.string(),
    url: z.string(),
    at: z.string(),
    expires_at: z.string(),
  })
  .meta({ id: "UnsentLink" });

/** Unsubscribe links of mails, which are outside of /api/v1, and links that could not be mailed. */
export const mailRoutes = {
  unsentLinks: defineRoute({
    method: "GET",
    path: "/admin/unsent-links",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    asksProof: true,
    summary: "List links that would have been mailed if the server sent mail, newest first, up to 1,000",
    responses: { 200: page(unsentLink) },
  }),
  askUnsubscribe: defineRoute({
    method: "GET",
    path: "/unsubscribe/:token",
    tag: "Comments and notices",
    outside: true,
    access: "signed",
    cost: "call",
    bodyKind: "none",
    summary: "Show a page that asks whether to stop mails like the one with this link; changes nothing",
    params: token,
    responses: { 200: "bytes", 404: "bytes" },
  }),
  unsubscribe: defineRoute({
    method: "POST",
    path: "/unsubscribe/:token",
    tag: "Comments and notices",
    outside: true,
    access: "signed",
    cost: "call",
    bodyKind: "none",
    summary: "Stop mails like the one with this link, in one click (RFC 8058), regardless of the body",
    params: token,
    responses: { 200: "bytes", 404: "bytes" },
  }),
};
