import { createWebhook, deleteWebhook, listWebhooks, type WebhookWorld } from "../../features/webhooks/webhooks.ts";
import { assertScope } from "../exchange/authentication.ts";
import type { Handlers } from "../exchange/handler.ts";

export function webhookHandlers(world: WebhookWorld) {
  return {
    createWebhook: async ({ caller, body }) => {
      // A webhook sends the same data as GET /activity.
      assertScope(caller, "files:read");
      const { credential } = caller;
      const made = await createWebhook(world, caller, {
        ...body,
        makerId: credential.kind === "token" ? credential.id : undefined,
        sessionId: credential.kind === "session" ? credential.id : undefined,
      });
      return { status: 201, json: made };
    },
    listWebhooks: async ({ caller }) => ({
      status: 200,
      json: { items: await listWebhooks(world, caller), next_cursor: null },
    }),
    deleteWebhook: async ({ caller, params }) => {
      await deleteWebhook(world, caller, params.id);
      return { status: 204 };
    },
  } satisfies Handlers;
}
