import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { endedWays, password, secondFactorCode } from "./account-routes.ts";
import { passkeyAssertion } from "./passkey-values.ts";
import { defineRoute } from "./route.ts";
import { proof } from "./second-factor-routes.ts";

export const passwordRoutes = {
  changePassword: defineRoute({
    method: "POST",
    path: "/account/password",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Change the caller's own password; its other sessions and its personal access tokens end",
    body: z.object({
      current_password: proof.shape.password,
      new_password: password,
      totp: secondFactorCode.optional(),
      passkey: passkeyAssertion.optional(),
    }),
    responses: { 204: "empty" },
  }),
  mailPasswordReset: defineRoute({
    method: "POST",
    path: "/account/password/reset/mail",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Have a link mailed that sets a new password; the answer is the same whether there is such an account",
    body: z.object({ email: z.string().min(1).max(limits.emailBytesMax) }),
    responses: { 202: z.object({}) },
  }),
  resetPassword: defineRoute({
    method: "POST",
    path: "/account/password/reset",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Set a new password with the token of that link; all sessions and personal access tokens end",
    body: z.object({ token: z.string().min(1).max(512), new_password: password, ...endedWays }),
    responses: {
      200: z.object({
        email: z.string(),
        passkeys: z.int().describe("how many are left, which sign in without the password"),
        outside: z.int().describe("how many sign-ins through another service are left"),
      }),
    },
  }),
};
