import { z } from "zod";
import { startedJob } from "./job-routes.ts";
import { defineRoute } from "./route.ts";

const scrubReport = z
  .object({
    state: z.enum(["never", "running", "done", "failed"]).describe("failed: stopped by an error; see the server's log"),
    started_at: z.string().nullable(),
    finished_at: z.string().nullable(),
    packs: z.int(),
    blocks: z.int(),
    revived: z.int().default(0).describe("blocks that were damaged and have been repaired"),
    healed: z.int().default(0).describe("damaged copies of blocks that have another intact copy"),
    repaired: z
      .array(z.object({ pack_id: z.string(), reason: z.string() }))
      .default([])
      .describe("packs whose footer was unreadable, and that were repaired or are no longer needed"),
    mended: z
      .array(z.object({ store: z.string(), pack_id: z.string(), reason: z.string() }))
      .default([])
      .describe("packs that were missing or damaged in one of two stores, and were repaired from the other"),
    without_rows: z.int().default(0).describe("packs that are not in the index; read like all others"),
    damaged: z.array(
      z.object({
        hash: z.string().nullable().describe("null: the footer is unreadable"),
        pack_id: z.string(),
        reason: z.string(),
        found_at: z
          .string()
          .optional()
          .describe("time of the first finding; before started_at if an earlier scrub found it"),
        files: z.array(z.object({ node_id: z.string(), path: z.string(), owner: z.string(), version: z.int() })),
      }),
    ),
  })
  .meta({ id: "ScrubReport" });
export type ScrubReportJson = z.output<typeof scrubReport>;

const rebuildReport = z.object({
  packs: z.int(),
  blocks: z.int().describe("blocks that were missing from the index and added"),
  holders: z.int(),
  unreadable_packs: z.array(z.string()).describe("omits packs whose blocks all exist elsewhere"),
});
export type RebuildReportJson = z.output<typeof rebuildReport>;
const rebuildJob = startedJob(rebuildReport).meta({ id: "RebuildJob" });

export const scrubRoutes = {
  adminStartScrub: defineRoute({
    method: "POST",
    path: "/admin/scrub",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Start rereading all packs; returns the running report immediately",
    responses: { 202: scrubReport },
  }),
  adminGetScrub: defineRoute({
    method: "GET",
    path: "/admin/scrub",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Get the findings of the last scrub",
    responses: { 200: scrubReport },
  }),
  adminRebuildIndex: defineRoute({
    method: "POST",
    path: "/admin/rebuild-index",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Start rebuilding the block index from the packs and the keys, or return the running job",
    responses: { 202: rebuildJob },
  }),
  adminGetRebuild: defineRoute({
    method: "GET",
    path: "/admin/rebuild-index",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Get the state or result of the last rebuild of the block index",
    responses: { 200: rebuildJob },
  }),
};
