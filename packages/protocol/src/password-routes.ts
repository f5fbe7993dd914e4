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
    tag: "Account",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Change the caller's password; ends the caller's other sessions and personal access tokens",
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
    tag: "Account",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Mail a link for setting a new password; the answer does not reveal whether the account exists",
    body: z.object({ email: z.string().min(1).max(limits.emailBytesMax) }),
    responses: { 202: z.object({}) },
  }),
  resetPassword: defineRoute({
    method: "POST",
    path: "/account/password/reset",
    tag: "Account",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Set a new password with the token from the link; ends all sessions and personal access tokens",
    body: z.object({ token: z.string().min(1).max(512), new_password: password, ...endedWays }),
    responses: {
      200: z.object({
        email: z.string(),
        passkeys: z.int().describe("number of passkeys that remain and can sign in without the password"),
        outside: z.int().describe("number of sign-ins through other services that remain"),
      }),
    },
  }),
};
