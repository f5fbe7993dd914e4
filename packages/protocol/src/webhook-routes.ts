import { z } from "zod";
import { activityVerbs } from "./activity-routes.ts";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { idText, page } from "./values.ts";

export const webhookVerb = z.enum(activityVerbs);
export type WebhookVerb = z.output<typeof webhookVerb>;

export const webhook = z
  .object({
    id: z.string(),
    url: z.string(),
    events: z.array(webhookVerb),
    in: z.string().nullable().describe("ID of the folder or file to watch; null: the whole own space"),
    created_at: z.string(),
    ended: z
      .literal(true)
      .optional()
      .describe("true: the token or program that created it has ended, and nothing more is sent"),
  })
  .meta({ id: "Webhook" });
export type WebhookJson = z.output<typeof webhook>;

/** Requests about changes to a URL that the account sets. */
export const webhookRoutes = {
  createWebhook: defineRoute({
    method: "POST",
    path: "/webhooks",
    tag: "Comments and notices",
    access: "account",
    cost: "call",
    bodyKind: "json",
    asksProof: true,
    summary:
      "Create a webhook, which sends changes to an address, signed with the given secret; no response contains the secret",
    body: z.object({
      url: z.string().min(1).max(limits.webhookUrlBytesMax),
      secret: z.string().min(1).max(limits.webhookKeyBytesMax),
      events: z.array(webhookVerb).min(1).max(webhookVerb.options.length),
      in: idText.optional(),
    }),
    responses: { 201: webhook },
  }),
  listWebhooks: defineRoute({
    method: "GET",
    path: "/webhooks",
    tag: "Comments and notices",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "List the caller's webhooks, without their secrets",
    responses: { 200: page(webhook) },
  }),
  deleteWebhook: defineRoute({
    method: "DELETE",
    path: "/webhooks/:id",
    tag: "Comments and notices",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "Delete a webhook; pending deliveries are dropped",
    params: z.object({ id: idText }),
    responses: { 204: "empty" },
  }),
};
