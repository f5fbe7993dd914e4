import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { defineRoute } from "./route.ts";

const shredding = z
  .object({
    user_id: z.string(),
    email: z.string().nullable().describe("null: no longer stored"),
    state: z
      .enum(["dry_run", "running", "waiting", "done"])
      .describe("waiting: continues automatically when the reason in waits_for ends"),
    step: z
      .enum(["rights", "rows", "blocks", "packs", "database", "copies"])
      .nullable()
      .describe("current step; null: none"),
    waits_for: z.string().nullable().describe("reason for waiting, as text"),
    asked_at: z.string().nullable(),
    finished_at: z.string().nullable(),
    files: z.int().describe("number of files when shredding was requested (as all numbers below), including the trash"),
    versions: z.int(),
    bytes: z.int().describe("size of the stored blocks"),
    blocks: z.int(),
    packs: z.int().describe("packs that contain its blocks"),
    shared_with: z.int().describe("accounts, groups, addresses and links that had access to its files"),
    others: z
      .object({
        written: z
          .object({ people: z.int(), files: z.int(), bytes: z.int() })
          .describe("files of this account whose newest version another account wrote; also removed"),
        lost: z
          .object({ files: z.int(), folders: z.int(), bytes: z.int() })
          .describe("what others can open through permissions and links, and lose; without the trash"),
        receivers: z
          .array(
            z.object({
              kind: z.enum(["user", "group", "pending", "link"]),
              name: z.string().optional(),
              email: z.string().optional(),
            }),
          )
          .describe("the first 20 accounts, groups, pending addresses and links that lose access"),
        receiver_count: z.int(),
        stays: z
          .object({ files: z.int(), bytes: z.int() })
          .describe("files in other people's spaces whose newest version this account wrote; not removed"),
      })
      .optional()
      .describe("only in a dry run"),
    backup: z
      .object({ place: z.string(), consistent_at: z.string() })
      .nullable()
      .describe(
        "newest backup known to this server; backups made before the shredding finished still contain the account",
      ),
  })
  .meta({ id: "Shredding" });
export type ShreddingJson = z.output<typeof shredding>;

const params = z.object({ id: z.string().min(1).max(limits.emailBytesMax) });

/** Permanent deletion of an account's data. */
export const shredRoutes = {
  adminShredUser: defineRoute({
    method: "POST",
    path: "/admin/users/:id/shred",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    asksProof: true,
    summary:
      "Start removing everything that belongs to a suspended account alone, permanently (by ID or e-mail), or report what would be removed",
    params,
    body: z.object({ dry_run: z.boolean().optional().describe("true: change nothing") }),
    responses: { 202: shredding },
  }),
  adminGetShredding: defineRoute({
    method: "GET",
    path: "/admin/users/:id/shred",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Get the progress of a shredding (by ID; by e-mail while it is known)",
    params,
    responses: { 200: shredding },
  }),
};
