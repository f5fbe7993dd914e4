import { z } from "zod";
import { defineRoute } from "./route.ts";
import { idText, timeText } from "./values.ts";

const idParams = z.object({ id: idText });

const act = z.enum(["restored", "reverted", "trashed", "moved", "changed", "purged", "left"]);
export type RewindAct = z.output<typeof act>;

const sampled = z.object({
  act,
  path: z.string().describe("current path, or the path after a restore"),
  to: z.string().optional().describe("for moved items: the new path"),
  reason: z.string().optional().describe("reason why it, or a part of its state, was not restored"),
});
export type RewindSample = z.output<typeof sampled>;

const answer = z
  .object({
    restored: z.int().describe("restored from the trash"),
    reverted: z.int().describe("got their old content back, as a new version"),
    trashed: z.int().describe("created since then, and moved to the trash"),
    moved: z.int().describe("moved back; counted in addition to the other numbers"),
    changed: z.int().describe("only got their old time, executable bit and privacy back"),
    purged: z.int().describe("purged since then, and cannot be restored"),
    left: z.int().describe("left unchanged, mostly because of newer changes by others"),
    bytes: z.int().describe("size of the restored content"),
    sample: z.array(sampled).describe("a few examples of each kind"),
    rewind_id: z
      .string()
      .optional()
      .describe("ID with which the rewind can be undone; absent for a dry run, and if nothing changed"),
    repeated: z.literal(true).optional().describe("true: the undo was done before, and changed nothing now"),
  })
  .meta({ id: "Rewind" });
export type RewindAnswer = z.output<typeof answer>;

const started = z
  .object({
    job: z.string().describe("see GET /jobs/{id}, whose result is the same answer as with 200"),
    rewind_id: z.string(),
  })
  .meta({ id: "RewindStarted" });

export const rewindAnswer = answer;

export const rewindRoutes = {
  rewind: defineRoute({
    method: "POST",
    path: "/files/:id/rewind",
    tag: "Versions and trash",
    access: "files:write",
    cost: "call",
    bodyKind: "json",
    changes: true,
    summary: "Return a folder or a file to its state at an earlier time, as one change that can be undone",
    params: idParams,
    body: z.object({ to: timeText, dry_run: z.boolean().optional() }),
    responses: { 200: answer, 202: started },
  }),
  undoRewind: defineRoute({
    method: "POST",
    path: "/rewinds/:id/undo",
    tag: "Versions and trash",
    access: "files:write",
    cost: "call",
    bodyKind: "none",
    changes: true,
    summary: "Undo a rewind; repeating the request returns the same answer",
    params: idParams,
    responses: { 200: answer, 202: started },
  }),
} as const;
