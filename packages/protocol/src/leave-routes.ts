import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { proof } from "./second-factor-routes.ts";

export const leaveRoutes = {
  exportAccount: defineRoute({
    method: "GET",
    path: "/account/export",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "All of the caller's account as one archive (tar), described in docs/archive.md; also needs files:read",
    query: z.object({
      versions: z.enum(["true", "false", "1", "0"]).optional().describe("false: no older versions"),
    }),
    responses: { 200: "bytes" },
  }),
  createExportAddress: defineRoute({
    method: "POST",
    path: "/account/export",
    access: "account",
    cost: "call",
    bodyKind: "json",
    summary:
      "An address of the archive that needs no token for 15 minutes, for a browser to save it; also needs files:read",
    body: z.object({ versions: z.boolean().optional().describe("false: no older versions") }),
    responses: { 200: z.object({ url: z.string(), expires_at: z.string() }) },
  }),
  openExportAddress: defineRoute({
    method: "GET",
    path: "/account/export/:grant",
    access: "signed",
    cost: "call",
    bodyKind: "none",
    summary: "The archive that a signed address gives, while whoever asked for it is signed in",
    params: z.object({ grant: z.string().min(1).max(limits.signedUrlBytesMax) }),
    responses: { 200: "bytes" },
  }),
  deleteAccount: defineRoute({
    method: "DELETE",
    path: "/account",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary:
      "Delete the caller's account: all its sessions end; it can be taken back by signing in until the answer's time, and is shredded then",
    body: proof,
    responses: { 200: z.object({ until: z.string() }) },
  }),
};
