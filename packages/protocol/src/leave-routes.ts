import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { proof } from "./second-factor-routes.ts";

export const leaveRoutes = {
  exportAccount: defineRoute({
    method: "GET",
    path: "/account/export",
    tag: "Account",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "Export the caller's account as one archive (tar), described in docs/archive.md; also requires files:read",
    query: z.object({
      versions: z.enum(["true", "false", "1", "0"]).optional().describe("false: without older versions"),
    }),
    responses: { 200: "bytes" },
  }),
  createExportAddress: defineRoute({
    method: "POST",
    path: "/account/export",
    tag: "Account",
    access: "account",
    cost: "call",
    bodyKind: "json",
    summary:
      "Create an address of the archive that works without a token for 15 minutes, so that a browser can save it; also requires files:read",
    body: z.object({ versions: z.boolean().optional().describe("false: without older versions") }),
    responses: { 200: z.object({ url: z.string(), expires_at: z.string() }) },
  }),
  openExportAddress: defineRoute({
    method: "GET",
    path: "/account/export/:grant",
    tag: "Account",
    access: "signed",
    cost: "call",
    bodyKind: "none",
    summary: "Download the archive by a signed address, while the account that requested it is signed in",
    params: z.object({ grant: z.string().min(1).max(limits.signedUrlBytesMax) }),
    responses: { 200: "bytes" },
  }),
  deleteAccount: defineRoute({
    method: "DELETE",
    path: "/account",
    tag: "Account",
    access: "account",
    rejectsSuspended: true,
    cost: "sign_in",
    bodyKind: "json",
    summary:
      "Delete the caller's account: all sessions end; signing in before the returned time restores it, afterwards it is shredded",
    body: proof,
    responses: { 200: z.object({ until: z.string() }) },
  }),
};
