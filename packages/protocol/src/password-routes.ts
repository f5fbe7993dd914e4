import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { password, secondFactorCode } from "./account-routes.ts";
import { passkeyAssertion } from "./passkey-values.ts";
import { defineRoute } from "./route.ts";

export const passwordRoutes = {
  changePassword: defineRoute({
    method: "POST",
    path: "/account/password",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Change the caller's own password; its other sessions and its personal access tokens end",
    body: z.object({
      current_password: z.string().min(1).max(limits.passwordBytesMax),
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
    body: z.object({ token: z.string().min(1).max(512), new_password: password }),
    responses: { 200: z.object({ email: z.string() }) },
  }),
};
