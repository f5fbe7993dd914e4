import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { defineRoute } from "./route.ts";
import { hashHex, idText, page } from "./values.ts";

/** Operating systems as reported by devices. Not verified, and not used for decisions. */
export const deviceSystems = ["Linux", "macOS", "Windows", "FreeBSD", "ChromeOS", "Android", "iOS"] as const;
export const deviceSystem = z.enum(deviceSystems);
export type DeviceSystem = z.output<typeof deviceSystem>;

export const deviceKinds = ["command", "sync", "browser"] as const;

/** Kind of sign-in that created the device. */
export const signInKinds = [
  "password",
  "password_app",
  "password_passkey",
  "password_recovery_code",
  "passkey",
  "outside",
  "browser",
] as const;
export type SignInKind = (typeof signInKinds)[number];

const deviceSecret = z.string().min(1).max(512);

export const device = z
  .object({
    id: z.string(),
    name: z.string(),
    created_at: z.string(),
    last_seen_at: z.string().nullable(),
    current: z.boolean(),
    browser: z.boolean().describe("signed in by POST /sessions/web"),
    // Older servers omit the following fields.
    kind: z
      .enum(deviceKinds)
      .nullable()
      .default(null)
      .describe("sync: has waited for changes, as a synced folder does; command: any other program"),
    system: deviceSystem.nullable().default(null).describe("as reported by the device; null: not reported"),
    address: z.string().nullable().default(null).describe("address of the last request, updated once a minute"),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/)
      .nullable()
      .default(null)
      .describe(
        "country of the address (ISO 3166-1), from a table that is part of the server; null: private address, or unknown",
      ),
    signed_in_by: z.enum(signInKinds).nullable().default(null).describe("null: signed in before servers recorded it"),
    suspended: z
      .object({
        since: z.string(),
        reason: z.enum(["rewritten", "deleted"]).describe("limit that was exceeded"),
        rewritten: z.int().describe("files, within the last hour"),
        deleted: z.int().describe("files and folders, within the last hour"),
        moment: z.string().describe("time just before the first of them"),
        command: z.string().optional().describe("command that rewinds the account's files to that time"),
      })
      .nullable()
      // Older servers omit it.
      .default(null)
      .describe(
        "the device rewrote or deleted so many files that it may change nothing until a person allows it to continue",
      ),
  })
  .meta({ id: "Device" });

/** A revoked device that must remove its copies of files that the server has. */
export const clearing = z
  .object({
    device_id: z.string(),
    name: z.string(),
    asked_at: z.string(),
    done_at: z.string().nullable().describe("null: not confirmed by the device yet"),
    removed: z.int().describe("files that the device removed"),
    kept: z
      .int()
      .describe("files that the device kept, because the server does not have their content or this is unknown"),
  })
  .meta({ id: "Clearing" });

/** Devices and sessions of an account. */
export const deviceRoutes = {
  listDevices: defineRoute({
    method: "GET",
    path: "/devices",
    tag: "Sign-in",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "List the caller's devices, including revoked ones that were asked to remove their copies",
    responses: {
      200: page(device).extend({
        clearings: z.array(clearing).default([]),
        signed_out: z
          .array(z.object({ device_id: z.string(), name: z.string(), at: z.string() }))
          .default([])
          .describe("devices revoked within the last 90 days and not asked to remove their copies; without browsers"),
      }),
    },
  }),
  deleteDevice: defineRoute({
    method: "DELETE",
    path: "/devices/:id",
    tag: "Sign-in",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "Revoke a device and its sessions immediately; a revoked device can still be asked to remove its copies",
    params: z.object({ id: idText }),
    query: z.object({
      remove_copies: z
        .enum(["true", "false"])
        .optional()
        .describe("true: its synced folders remove all files that the server has, as soon as the device connects"),
      replaced: z
        .enum(["true", "false"])
        .optional()
        .describe("true: replaced by a new sign-in on the same device, so `signed_out` does not list it"),
    }),
    responses: { 204: "empty" },
  }),
  deleteDevices: defineRoute({
    method: "DELETE",
    path: "/devices",
    tag: "Sign-in",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "Sign out everywhere: revoke all devices and sessions of the caller immediately",
    query: z.object({ keep: z.literal("current").optional().describe("current: keep the device of this request") }),
    responses: { 204: "empty" },
  }),
  readClearing: defineRoute({
    method: "POST",
    path: "/devices/clearing",
    tag: "Sign-in",
    access: "open",
    cost: "call",
    bodyKind: "json",
    summary: "Get the request to remove a revoked device's copies, with the device's secret; 404 if there is none",
    body: z.object({ device_secret: deviceSecret }),
    responses: {
      200: z.object({
        device_id: z.string(),
        account_id: z.string(),
        server_id: z.string(),
        asked_at: z.string(),
        epoch: z
          .string()
          .optional()
          .describe("epoch of the account's own space; if the device knows another one, it removes nothing"),
        proof: z
          .string()
          .describe(
            "HMAC-SHA-256 in base64url, keyed with the device's secret, which proves that the server sent the request",
          ),
      }),
    },
  }),
  queryClearing: defineRoute({
    method: "POST",
    path: "/devices/clearing/contents",
    tag: "Sign-in",
    access: "open",
    cost: "call",
    bodyKind: "json",
    summary:
      "Ask which contents the account's own space has, as a version of a file or in the trash; for a device that was asked to remove its copies",
    body: z.object({ device_secret: deviceSecret, content_ids: z.array(hashHex).max(limits.clearingContentsMax) }),
    responses: { 200: z.object({ known: z.array(z.string()) }) },
  }),
  reportClearing: defineRoute({
    method: "POST",
    path: "/devices/clearing/done",
    tag: "Sign-in",
    access: "open",
    cost: "call",
    bodyKind: "json",
    summary: "Report that a revoked device has removed its copies",
    body: z.object({ device_secret: deviceSecret, removed: z.int().min(0), kept: z.int().min(0) }),
    responses: { 204: "empty" },
  }),
  resumeDevice: defineRoute({
    method: "POST",
    path: "/devices/:id/resume",
    tag: "Sign-in",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "Resume a suspended device, which may then change files again; not by that device itself",
    params: z.object({ id: idText }),
    responses: { 204: "empty" },
  }),
  adminResumeDevice: defineRoute({
    method: "POST",
    path: "/admin/devices/:id/resume",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Resume a suspended device of any account",
    params: z.object({ id: idText }),
    responses: { 204: "empty" },
  }),
};
