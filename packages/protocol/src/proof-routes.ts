import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { secondFactorCode } from "./account-routes.ts";
import { passkeyAssertion } from "./passkey-values.ts";
import { defineRoute } from "./route.ts";

/** Proof for actions that cannot be undone, because another person may use a signed-in device. */
export const proofRoutes = {
  proveSession: defineRoute({
    method: "POST",
    path: "/sessions/current/proof",
    tag: "Sign-in",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary:
      "Prove identity again, with the password and second factor or with a passkey; for a while this session may call routes that require such a proof",
    body: z
      .object({
        password: z
          .string()
          .min(1)
          .max(limits.passwordBytesMax)
          .optional()
          .describe("optional only with a passkey alone"),
        totp: secondFactorCode.optional(),
        passkey: passkeyAssertion
          .optional()
          .describe("second factor in addition to the password; without a password it is sufficient by itself"),
      })
      .refine(({ password: given, passkey }) => given !== undefined || passkey !== undefined, {
        path: ["password"],
        message: "is missing",
      }),
    responses: { 200: z.object({ proven_until: z.string() }) },
  }),
};
