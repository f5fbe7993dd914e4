import { z } from "zod";
import { defineRoute } from "./route.ts";

const token = z.object({ token: z.string().min(1).max(512) });

/** What stands in mails, outside /api/v1: the link that ends them. */
export const mailRoutes = {
  askUnsubscribe: defineRoute({
    method: "GET",
    path: "/unsubscribe/:token",
    outside: true,
    access: "signed",
    cost: "call",
    bodyKind: "none",
    summary: "A page that asks whether mails like the one with this link shall end; it changes nothing",
    params: token,
    responses: { 200: "bytes", 404: "bytes" },
  }),
  unsubscribe: defineRoute({
    method: "POST",
    path: "/unsubscribe/:token",
    outside: true,
    access: "signed",
    cost: "call",
    bodyKind: "none",
    summary: "Ends mails like the one with this link, in one click (RFC 8058); whatever the body says",
    params: token,
    responses: { 200: "bytes", 404: "bytes" },
  }),
};
