import { z } from "zod";
import { defineRoute } from "./route.ts";

const usage = z
  .object({
    quota_bytes: z.int().nullable().describe("null: unlimited"),
    used_bytes: z.int().describe("newest versions of all files, those in the trash included; at most the quota"),
    stored_bytes: z.int().describe("everything that is stored, equal content once; at most stored_bytes_max"),
    stored_bytes_max: z.int().nullable().describe("null: unlimited"),
    free_bytes: z.int().nullable().describe("what both bounds leave; null: unlimited"),
    server_space: z
      .enum(["low", "full"])
      .optional()
      .describe("full: the server's disk has no room and refuses uploads; low: it has room for less than 1 GiB"),
    files_bytes: z.int().describe("newest versions of files outside the trash"),
    versions_bytes: z
      .int()
      .describe("estimate of what is stored for old versions of files outside the trash alone, equal content once"),
    old_versions_bytes: z
      .int()
      .describe("full sizes of all old versions; less is stored where versions share content with others"),
    trash_bytes: z.int().describe("files in the trash with their old versions"),
    uploads_bytes: z.int().describe("unfinished uploads, and what was sent in the last day and no file uses"),
    complete: z
      .boolean()
      .describe("false: there are more files in the trash, or with old versions, than are counted for an answer"),
    largest_versions: z
      .array(
        z.object({
          id: z.string(),
          path: z.string(),
          versions: z.int().describe("old versions without a label"),
          bytes: z.int().describe("their sizes; less is stored where versions share content"),
        }),
      )
      .describe("files whose old versions take most, the largest first, at most five"),
  })
  .meta({ id: "Usage" });
export type UsageJson = z.output<typeof usage>;

/** Use of the room of one's own space. */
export const usageRoutes = {
  getUsage: defineRoute({
    method: "GET",
    path: "/account/usage",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary:
      "Get the space that files, old versions, trash and unfinished uploads of the caller use, and the free space",
    responses: { 200: usage },
  }),
};
