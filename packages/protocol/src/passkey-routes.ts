import { z } from "zod";
import { passkeyCreation, passkeyRegistration, passkeyRequest } from "./passkey-values.ts";
import { defineRoute } from "./route.ts";
import { proof, recoveryCodes } from "./second-factor-routes.ts";
import { idText, page } from "./values.ts";

const passkeyName = z.string().min(1).max(200);

export const passkey = z
  .object({
    id: z.string(),
    name: z.string(),
    created_at: z.string(),
    last_used_at: z.string().nullable(),
    backed_up: z.boolean().describe("true: synced by a password manager"),
    address: z.string().describe("host name that the passkey belongs to; it does not work at another one"),
  })
  .meta({ id: "Passkey" });

export const passkeyRoutes = {
  listPasskeys: defineRoute({
    method: "GET",
    path: "/account/passkeys",
    tag: "Account",
    access: "account",
    callers: ["enrolling"],
    cost: "call",
    bodyKind: "none",
    summary: "List the caller's passkeys",
    responses: { 200: page(passkey) },
  }),
  preparePasskey: defineRoute({
    method: "POST",
    path: "/account/passkeys",
    tag: "Account",
    access: "account",
    callers: ["enrolling"],
    cost: "sign_in",
    bodyKind: "json",
    summary: "Start adding a passkey (WebAuthn); it takes effect once it is confirmed",
    body: proof,
    responses: { 201: z.object({ webauthn: passkeyCreation, expires_at: z.string() }) },
  }),
  confirmPasskey: defineRoute({
    method: "POST",
    path: "/account/passkeys/confirm",
    tag: "Account",
    access: "account",
    callers: ["enrolling"],
    cost: "sign_in",
    bodyKind: "json",
    summary: "Add the new passkey; the first one turns the second factor on",
    body: z.object({ name: passkeyName, passkey: passkeyRegistration }),
    responses: {
      201: z.object({
        passkey,
        recovery_codes: recoveryCodes
          .nullable()
          .describe("null: the account already has recovery codes, which stay valid"),
      }),
    },
  }),
  renamePasskey: defineRoute({
    method: "PATCH",
    path: "/account/passkeys/:id",
    tag: "Account",
    access: "account",
    cost: "call",
    bodyKind: "json",
    summary: "Rename a passkey",
    params: z.object({ id: idText }),
    body: z.object({ name: passkeyName }),
    responses: { 200: passkey },
  }),
  removePasskey: defineRoute({
    method: "POST",
    path: "/account/passkeys/:id/remove",
    tag: "Account",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Remove a passkey; removing the last one turns the second factor off if there is no authenticator app",
    params: z.object({ id: idText }),
    body: proof,
    responses: { 204: "empty" },
  }),
  preparePasskeySignIn: defineRoute({
    method: "POST",
    path: "/sessions/passkey",
    tag: "Sign-in",
    access: "open",
    cost: "call",
    bodyKind: "json",
    summary: "Get a challenge for signing in with a passkey alone; the response is the same for everyone",
    body: z.object({}).optional(),
    responses: { 200: z.object({ webauthn: passkeyRequest, expires_at: z.string() }) },
  }),
};
