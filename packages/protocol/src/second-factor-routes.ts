import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { secondFactorCode } from "./account-routes.ts";
import { passkeyAssertion } from "./passkey-values.ts";
import { defineRoute } from "./route.ts";

export const secondFactor = z
  .object({
    on: z
      .boolean()
      .describe("sign-in requires a code from the authenticator app or a passkey in addition to the password"),
    since: z.string().nullable(),
    app: z.boolean().optional().describe("an authenticator app is set up"),
    passkeys: z.int().optional().describe("number of passkeys"),
    recovery_codes_left: z.int(),
    required: z.boolean().optional().describe("required by an administrator: the last second factor cannot be removed"),
  })
  .meta({ id: "SecondFactor" });

/** Proof of identity, because another person may use a signed-in browser. */
export const proof = z.object({
  password: z
    .string()
    .min(1)
    .max(limits.passwordBytesMax)
    .optional()
    .describe(
      "optional only if the account has no password; then the session must have been proved within the last 10 minutes",
    ),
  totp: secondFactorCode.optional(),
  passkey: passkeyAssertion.optional(),
});

export const recoveryCodes = z
  .array(z.string())
  .describe("each works once in place of the app's code; shown only once; earlier codes stop working");

export const secondFactorRoutes = {
  getSecondFactor: defineRoute({
    method: "GET",
    path: "/account/second-factor",
    tag: "Account",
    access: "account",
    callers: ["enrolling"],
    cost: "call",
    bodyKind: "none",
    summary: "Get whether the caller's account has a second factor, and how many recovery codes are left",
    responses: { 200: secondFactor },
  }),
  prepareSecondFactor: defineRoute({
    method: "POST",
    path: "/account/second-factor",
    tag: "Account",
    access: "account",
    callers: ["enrolling"],
    cost: "sign_in",
    bodyKind: "json",
    summary: "Create a secret for an authenticator app (RFC 6238); it takes effect once it is confirmed with a code",
    body: proof,
    responses: {
      201: z.object({
        secret: z.string().describe("secret in base32, for typing"),
        uri: z.string().describe("otpauth:// URL, for a QR code"),
        expires_at: z.string().describe("deadline for the confirmation"),
      }),
    },
  }),
  confirmSecondFactor: defineRoute({
    method: "POST",
    path: "/account/second-factor/confirm",
    tag: "Account",
    access: "account",
    callers: ["enrolling"],
    cost: "sign_in",
    bodyKind: "json",
    summary: "Turn the second factor on, or switch to another app, with a code from the new secret",
    body: z.object({ totp: secondFactorCode }),
    responses: { 200: z.object({ recovery_codes: recoveryCodes }) },
  }),
  renewRecoveryCodes: defineRoute({
    method: "POST",
    path: "/account/second-factor/recovery-codes",
    tag: "Account",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Create new recovery codes, which replace the current ones",
    body: proof,
    responses: { 200: z.object({ recovery_codes: recoveryCodes }) },
  }),
  endSecondFactor: defineRoute({
    method: "POST",
    path: "/account/second-factor/end",
    tag: "Account",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Turn the second factor off, including passkeys; requires the password and a code or a passkey",
    body: proof,
    responses: { 204: "empty" },
  }),
};
