import { z } from "zod";
import { account, email, secret } from "./account-routes.ts";
import { defineRoute } from "./route.ts";
import { proof } from "./second-factor-routes.ts";

/** Confirmation and change of an account's e-mail address. */
export const addressRoutes = {
  confirmAddress: defineRoute({
    method: "POST",
    path: "/account/confirm",
    tag: "Account",
    access: "account",
    callers: ["enrolling"],
    cost: "sign_in",
    bodyKind: "json",
    summary: "Confirm an e-mail address of the caller's account with the token that was mailed to it; sessions only",
    body: z.object({ token: secret }),
    responses: { 200: z.object({ email: z.string(), confirmed: z.boolean() }) },
  }),
  mailConfirmation: defineRoute({
    method: "POST",
    path: "/account/confirm/mail",
    tag: "Account",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "Mail the confirmation link again, for an unconfirmed address or a pending new one",
    responses: { 202: z.object({ email: z.string(), confirmed: z.boolean() }) },
  }),
  changeAddress: defineRoute({
    method: "POST",
    path: "/account/address",
    tag: "Account",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary:
      "Change the e-mail address of the caller's account; sessions only. The change takes effect once the link that is mailed to the new address is opened; sending the current address cancels it",
    body: proof.extend({ email }),
    responses: { 202: account },
  }),
};
