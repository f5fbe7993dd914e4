import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { defineRoute } from "./route.ts";

const shredding = z
  .object({
    user_id: z.string(),
    email: z.string().nullable().describe("null once no row has it any more"),
    state: z
      .enum(["dry_run", "running", "waiting", "done"])
      .describe("waiting: it goes on by itself once that is over for which it waits"),
    step: z
      .enum(["rights", "rows", "blocks", "packs", "database", "copies"])
      .nullable()
      .describe("what is under way; null where nothing is"),
    waits_for: z.string().nullable().describe("in words"),
    asked_at: z.string().nullable(),
    finished_at: z.string().nullable(),
    files: z
      .int()
      .describe("that it had when it was asked for, as all that follows; those in the trash are among them"),
    versions: z.int(),
    bytes: z.int().describe("of the blocks that it has stored"),
    blocks: z.int(),
    packs: z.int().describe("with a block of it"),
    shared_with: z.int().describe("accounts, groups, addresses and links with which it shared something"),
    others: z
      .object({
        written: z
          .object({ people: z.int(), files: z.int(), bytes: z.int() })
          .describe("files of this account whose newest version somebody else wrote; they are removed too"),
        lost: z
          .object({ files: z.int(), folders: z.int(), bytes: z.int() })
          .describe("what others can open by permissions and links, and lose; the trash is not counted"),
        receivers: z
          .array(
            z.object({
              kind: z.enum(["user", "group", "pending", "link"]),
              name: z.string().optional(),
              email: z.string().optional(),
            }),
          )
          .describe("with whom something is shared: the first 20"),
        receiver_count: z.int(),
        stays: z
          .object({ files: z.int(), bytes: z.int() })
          .describe("files in spaces of others whose newest version this account wrote; they stay"),
      })
      .optional()
      .describe("of a dry run"),
    backup: z
      .object({ place: z.string(), consistent_at: z.string() })
      .nullable()
      .describe("the newest that this server knows of: backups from before it was finished hold the account still"),
  })
  .meta({ id: "Shredding" });
export type ShreddingJson = z.output<typeof shredding>;

const params = z.object({ id: z.string().min(1).max(limits.emailBytesMax) });

/** An account's data is to be gone. */
export const shredRoutes = {
  adminShredUser: defineRoute({
    method: "POST",
    path: "/admin/users/:id/shred",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    asksProof: true,
    summary:
      "Start removing everything that belongs to a suspended account alone, permanently (by ID or e-mail), or report what that would be",
    params,
    body: z.object({ dry_run: z.boolean().optional().describe("nothing is changed") }),
    responses: { 202: shredding },
  }),
  adminGetShredding: defineRoute({
    method: "GET",
    path: "/admin/users/:id/shred",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Get the progress of a shredding (by ID; by e-mail while it is known)",
    params,
    responses: { 200: shredding },
  }),
};
