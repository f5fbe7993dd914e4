import { z } from "zod";
import { secondFactorCode } from "./account-routes.ts";
import { passkeyAssertion } from "./passkey-values.ts";
import { defineRoute } from "./route.ts";
import { proof } from "./second-factor-routes.ts";
import { idText, page } from "./values.ts";
import { webSession } from "./web-session-routes.ts";

export const outsideIdentity = z
  .object({
    id: z.string(),
    issuer: z.string().describe("the address of the issuer that knows this person"),
    email: z.string().nullable().describe("as the issuer said last; it opens nothing"),
    created_at: z.string(),
    last_used_at: z.string().nullable(),
    proves: z.boolean().optional().describe("it is of the issuer that signs people in here now, and proves a session"),
  })
  .meta({ id: "OutsideIdentity" });

const ticket = z.string().min(1).max(16_384).describe("of the issuer's answer; it counts once, for 10 minutes");
const leaving = z.object({ url: z.string().describe("the issuer's page, to which the browser goes") });

/** Signing in by what an outside issuer (OpenID Connect) says, in browsers. */
export const outsideRoutes = {
  readSignInWays: defineRoute({
    method: "GET",
    path: "/sessions/ways",
    access: "open",
    cost: "call",
    bodyKind: "none",
    summary:
      "How people sign in here: beside a password through which outside issuer, or through it only, and whether links are mailed",
    responses: {
      200: z.object({
        outside: z
          .object({
            name: z.string().describe("as people know it"),
            only: z.boolean().describe("passwords and passkeys are for administrators"),
          })
          .nullable(),
        mail: z
          .boolean()
          .describe("whether this server sends mail: else links wait for an administrator to hand them on"),
        needs_setup: z
          .boolean()
          .describe("no administrator has been created yet: the server's terminal or log has the set-up link"),
      }),
    },
  }),
  beginOutsideSignIn: defineRoute({
    method: "POST",
    path: "/sessions/outside",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    fromOwnPage: true,
    summary: "Begin to sign in a browser through the outside issuer; a cookie binds what it answers to this browser",
    body: z.object({ return_to: z.string().max(2048).optional().describe("a place of the web app") }),
    responses: { 200: leaving },
  }),
  finishOutside: defineRoute({
    method: "POST",
    path: "/sessions/outside/answer",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    fromOwnPage: true,
    summary: "Exchange what the issuer sent the browser back with for a ticket, which signs in, links or proves",
    body: z.object({
      code: z.string().min(1).max(8192),
      state: z.string().min(1).max(512),
      iss: z.string().max(2048).optional(),
    }),
    responses: {
      200: z.object({
        use: z.enum(["sign_in", "link", "prove"]),
        ticket,
        return_to: z.string().describe("the place of the web app that was asked for"),
      }),
    },
  }),
  createOutsideWebSession: defineRoute({
    method: "POST",
    path: "/sessions/web/outside",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    fromOwnPage: true,
    summary: "Sign in a browser with the ticket; the refresh token goes into the cookie of browsers",
    body: z.object({
      ticket,
      totp: secondFactorCode.optional(),
      passkey: passkeyAssertion.optional(),
      keep_account: z.boolean().optional().describe("true: an account that its owner deleted comes back"),
    }),
    responses: { 200: webSession },
  }),
  beginOutsideProof: defineRoute({
    method: "POST",
    path: "/sessions/current/proof/outside",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    fromOwnPage: true,
    summary: "Begin to prove at the outside issuer who one is, which asks its person to sign in there anew",
    body: z.object({ return_to: z.string().max(2048).optional().describe("a place of the web app") }),
    responses: { 200: leaving },
  }),
  confirmOutsideProof: defineRoute({
    method: "POST",
    path: "/sessions/current/proof/outside/confirm",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary:
      "Prove with the ticket who one is: for a while the session that began it is answered what asks for a proof",
    body: z.object({ ticket, totp: secondFactorCode.optional(), passkey: passkeyAssertion.optional() }),
    responses: { 200: z.object({ proven_until: z.string() }) },
  }),
  listOutsideIdentities: defineRoute({
    method: "GET",
    path: "/account/outside",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "As whom outside issuers know the caller",
    responses: { 200: page(outsideIdentity) },
  }),
  beginOutsideLink: defineRoute({
    method: "POST",
    path: "/account/outside",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    fromOwnPage: true,
    summary: "Begin to link the caller's account to a sign-in at the outside issuer",
    body: proof,
    responses: { 200: leaving },
  }),
  confirmOutsideLink: defineRoute({
    method: "POST",
    path: "/account/outside/confirm",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Link what the ticket names to the account that began to",
    body: z.object({ ticket }),
    responses: { 201: outsideIdentity },
  }),
  removeOutsideIdentity: defineRoute({
    method: "POST",
    path: "/account/outside/:id/remove",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Unlink: that sign-in opens this account no more",
    params: z.object({ id: idText }),
    body: proof,
    responses: { 204: "empty" },
  }),
};
