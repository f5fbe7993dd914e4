import { z } from "zod";
import { account, email, secret } from "./account-routes.ts";
import { defineRoute } from "./route.ts";
import { proof } from "./second-factor-routes.ts";

/** The e-mail address of an account: that it is its person's, and another one. */
export const addressRoutes = {
  confirmAddress: defineRoute({
    method: "POST",
    path: "/account/confirm",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Confirm an address of the caller's account with the token that was mailed there, by a session alone",
    body: z.object({ token: secret }),
    responses: { 200: z.object({ email: z.string(), confirmed: z.boolean() }) },
  }),
  mailConfirmation: defineRoute({
    method: "POST",
    path: "/account/confirm/mail",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary:
      "Have the token that confirms the address, or the one to which the account moves, mailed again; unless it is confirmed",
    responses: { 202: z.object({ email: z.string(), confirmed: z.boolean() }) },
  }),
  changeAddress: defineRoute({
    method: "POST",
    path: "/account/address",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary:
      "Move the caller's account to another address, by a session alone: a mail goes there, and the account moves once its link is followed; the present address takes that back",
    body: proof.extend({ email }),
    responses: { 202: account },
  }),
};
