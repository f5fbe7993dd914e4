import { z } from "zod";
import { defineRoute } from "./route.ts";
import { idText, page } from "./values.ts";

export const device = z
  .object({
    id: z.string(),
    name: z.string(),
    created_at: z.string(),
    last_seen_at: z.string().nullable(),
    current: z.boolean(),
    browser: z.boolean().describe("signed in by POST /sessions/web"),
    suspended: z
      .object({
        since: z.string(),
        reason: z.enum(["rewritten", "deleted"]).describe("what was too much"),
        rewritten: z.int().describe("files, within the last hour"),
        deleted: z.int().describe("files and folders, within the last hour"),
        moment: z.string().describe("just before the first of them"),
        command: z.string().optional().describe("that brings the account's files back to that moment"),
      })
      .nullable()
      // Servers of before do not say it.
      .default(null)
      .describe("it rewrote or deleted so much that it may change nothing until somebody lets it go on"),
  })
  .meta({ id: "Device" });

/** Where an account is signed in. */
export const deviceRoutes = {
  listDevices: defineRoute({
    method: "GET",
    path: "/devices",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "The caller's devices",
    responses: { 200: page(device) },
  }),
  deleteDevice: defineRoute({
    method: "DELETE",
    path: "/devices/:id",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "Revoke a device with its sessions",
    params: z.object({ id: idText }),
    responses: { 204: "empty" },
  }),
  deleteDevices: defineRoute({
    method: "DELETE",
    path: "/devices",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "Sign out everywhere: revoke all of the caller's devices with their sessions, at once",
    query: z.object({ keep: z.literal("current").optional().describe("all but the one that asks") }),
    responses: { 204: "empty" },
  }),
  resumeDevice: defineRoute({
    method: "POST",
    path: "/devices/:id/resume",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "Let a suspended device change files again; not by itself",
    params: z.object({ id: idText }),
    responses: { 204: "empty" },
  }),
  adminResumeDevice: defineRoute({
    method: "POST",
    path: "/admin/devices/:id/resume",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "The same for a device of any account",
    params: z.object({ id: idText }),
    responses: { 204: "empty" },
  }),
};
