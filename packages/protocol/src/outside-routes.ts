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
    issuer: z.string().describe("URL of the issuer"),
    email: z.string().nullable().describe("e-mail address last reported by the issuer; not used to sign in"),
    created_at: z.string(),
    last_used_at: z.string().nullable(),
    proves: z.boolean().optional().describe("true: belongs to the current issuer, and can prove a session"),
  })
  .meta({ id: "OutsideIdentity" });

const ticket = z.string().min(1).max(16_384).describe("ticket for the issuer's answer; valid once, for 10 minutes");
const leaving = z.object({ url: z.string().describe("page of the issuer, to which the browser goes next") });

/** Sign-in in browsers through an outside issuer (OpenID Connect). */
export const outsideRoutes = {
  readSignInWays: defineRoute({
    method: "GET",
    path: "/sessions/ways",
    tag: "Sign-in",
    access: "open",
    cost: "call",
    bodyKind: "none",
    summary:
      "Get the ways to sign in: with a password, through an external provider, or only through it; and whether reset links can be mailed",
    responses: {
      200: z.object({
        outside: z
          .object({
            name: z.string().describe("display name of the issuer"),
            only: z.boolean().describe("only administrators can use passwords and passkeys"),
          })
          .nullable(),
        mail: z.boolean().describe("true: the server sends e-mail; false: an administrator must send links"),
        needs_setup: z
          .boolean()
          .describe("true: no administrator exists yet; the set-up link is on the server's terminal or in its log"),
      }),
    },
  }),
  beginOutsideSignIn: defineRoute({
    method: "POST",
    path: "/sessions/outside",
    tag: "Sign-in",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    fromOwnPage: true,
    summary: "Start signing in a browser through the external provider; a cookie binds its answer to this browser",
    body: z.object({ return_to: z.string().max(2048).optional().describe("path in the web app") }),
    responses: { 200: leaving },
  }),
  finishOutside: defineRoute({
    method: "POST",
    path: "/sessions/outside/answer",
    tag: "Sign-in",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    fromOwnPage: true,
    summary: "Exchange the provider's answer for a ticket, which signs in, links or proves identity",
    body: z.object({
      code: z.string().min(1).max(8192),
      state: z.string().min(1).max(512),
      iss: z.string().max(2048).optional(),
    }),
    responses: {
      200: z.object({
        use: z.enum(["sign_in", "link", "prove"]),
        ticket,
        return_to: z.string().describe("requested path in the web app"),
      }),
    },
  }),
  createOutsideWebSession: defineRoute({
    method: "POST",
    path: "/sessions/web/outside",
    tag: "Sign-in",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    fromOwnPage: true,
    summary: "Sign in a browser with the ticket; the refresh token is set as a cookie",
    body: z.object({
      ticket,
      totp: secondFactorCode.optional(),
      passkey: passkeyAssertion.optional(),
      keep_account: z.boolean().optional().describe("true: restore an account that its owner deleted"),
    }),
    responses: { 200: webSession },
  }),
  beginOutsideProof: defineRoute({
    method: "POST",
    path: "/sessions/current/proof/outside",
    tag: "Sign-in",
    access: "account",
    callers: ["enrolling"],
    cost: "sign_in",
    bodyKind: "json",
    fromOwnPage: true,
    summary: "Start proving identity at the external provider, which asks the person to sign in again",
    body: z.object({ return_to: z.string().max(2048).optional().describe("path in the web app") }),
    responses: { 200: leaving },
  }),
  confirmOutsideProof: defineRoute({
    method: "POST",
    path: "/sessions/current/proof/outside/confirm",
    tag: "Sign-in",
    access: "account",
    callers: ["enrolling"],
    cost: "sign_in",
    bodyKind: "json",
    summary: "Prove identity with the ticket; for a while the session may call routes that require such a proof",
    body: z.object({ ticket, totp: secondFactorCode.optional(), passkey: passkeyAssertion.optional() }),
    responses: { 200: z.object({ proven_until: z.string() }) },
  }),
  listOutsideIdentities: defineRoute({
    method: "GET",
    path: "/account/outside",
    tag: "Account",
    access: "account",
    callers: ["enrolling"],
    cost: "call",
    bodyKind: "none",
    summary: "List the caller's identities at external providers",
    responses: { 200: page(outsideIdentity) },
  }),
  beginOutsideLink: defineRoute({
    method: "POST",
    path: "/account/outside",
    tag: "Account",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    fromOwnPage: true,
    summary: "Start linking the caller's account to an identity at the external provider",
    body: proof,
    responses: { 200: leaving },
  }),
  confirmOutsideLink: defineRoute({
    method: "POST",
    path: "/account/outside/confirm",
    tag: "Account",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Link the identity of the ticket to the account that started this",
    body: z.object({ ticket }),
    responses: { 201: outsideIdentity },
  }),
  removeOutsideIdentity: defineRoute({
    method: "POST",
    path: "/account/outside/:id/remove",
    tag: "Account",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Unlink an identity, which then no longer signs in to this account",
    params: z.object({ id: idText }),
    body: proof,
    responses: { 204: "empty" },
  }),
};
