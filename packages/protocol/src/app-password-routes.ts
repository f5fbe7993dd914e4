import { z } from "zod";
import { personName, scope, token } from "./account-routes.ts";
import { defineRoute } from "./route.ts";
import { proof } from "./second-factor-routes.ts";
import { timeText } from "./values.ts";

export const appPasswordRoutes = {
  createAppPassword: defineRoute({
    method: "POST",
    path: "/tokens/app-passwords",
    tag: "Sign-in",
    access: "account",
    rejectsSuspended: true,
    cost: "sign_in",
    bodyKind: "json",
    summary:
      "Create an app password, for a program that signs in with a name and a password only; it is shown only once",
    body: z.object({
      name: personName,
      scopes: z
        .array(scope.extract(["files:read", "files:write"]))
        .min(1)
        .max(2),
      expires_at: timeText.nullable().optional(),
      folder_id: z
        .string()
        .max(64)
        .optional()
        .describe("own folder; the program has access to it and everything below it, and nothing else"),
      ...proof.shape,
    }),
    responses: {
      201: token.extend({
        app_password: z.string().describe("used with the account's e-mail address, as Authorization: Basic"),
      }),
    },
  }),
};
