import { z } from "zod";
import { defineRoute } from "./route.ts";

const usage = z
  .object({
    quota_bytes: z.int().nullable().describe("null: unlimited"),
    used_bytes: z.int().describe("newest versions of all files, including the trash; limited by the quota"),
    stored_bytes: z.int().describe("everything stored, equal content counted once; limited by stored_bytes_max"),
    stored_bytes_max: z.int().nullable().describe("null: unlimited"),
    free_bytes: z.int().nullable().describe("space left by both limits; null: unlimited"),
    server_space: z
      .enum(["low", "full"])
      .optional()
      .describe("full: the server's disk is full and uploads are rejected; low: less than 1 GiB is left"),
    files_bytes: z.int().describe("newest versions of files outside the trash"),
    versions_bytes: z
      .int()
      .describe(
        "estimated size of content that only old versions of files outside the trash use, equal content counted once",
      ),
    old_versions_bytes: z
      .int()
      .describe("full sizes of all old versions; the stored size is smaller if versions share content"),
    trash_bytes: z.int().describe("files in the trash with their old versions"),
    uploads_bytes: z.int().describe("unfinished uploads, and content sent within the last day that no file uses"),
    complete: z
      .boolean()
      .describe(
        "false: the numbers are incomplete, because there are too many files in the trash or with old versions",
      ),
    largest_versions: z
      .array(
        z.object({
          id: z.string(),
          path: z.string(),
          versions: z.int().describe("old versions without a label"),
          bytes: z.int().describe("their full sizes; the stored size is smaller if versions share content"),
        }),
      )
      .describe("files with the largest old versions, largest first, at most five"),
  })
  .meta({ id: "Usage" });
export type UsageJson = z.output<typeof usage>;

/** Storage use of the account's own space. */
export const usageRoutes = {
  getUsage: defineRoute({
    method: "GET",
    path: "/account/usage",
    tag: "Account",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary:
      "Get the space that files, old versions, trash and unfinished uploads of the caller use, and the free space",
    responses: { 200: usage },
  }),
};
