import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { password } from "./account-routes.ts";
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
    }),
    responses: { 204: "empty" },
  }),
};
