import { z } from "zod";
import { defineRoute } from "./route.ts";
import { idText, timeText } from "./values.ts";

const idParams = z.object({ id: idText });

const act = z.enum(["restored", "reverted", "trashed", "moved", "changed", "purged", "left"]);
export type RewindAct = z.output<typeof act>;

const sampled = z.object({
  act,
  path: z.string().describe("where it lies, or of what was restored, came to lie"),
  to: z.string().optional().describe("of what was moved: where it came to lie"),
  reason: z.string().optional().describe("why it was left alone"),
});
export type RewindSample = z.output<typeof sampled>;

const answer = z
  .object({
    restored: z.int().describe("came back from the trash"),
    reverted: z.int().describe("got their old content, as a new version"),
    trashed: z.int().describe("had come since"),
    moved: z.int().describe("went back to where they were; counted besides"),
    changed: z.int().describe("got their old time, executable bit and privacy, and nothing else"),
    purged: z.int().describe("were removed for good since, and cannot come back"),
    left: z.int().describe("were left alone, mostly as somebody changed them meanwhile"),
    bytes: z.int().describe("of the content that came back"),
    sample: z.array(sampled).describe("some of each kind"),
    rewind_id: z
      .string()
      .optional()
      .describe("names it to be undone; absent for a dry run, and where nothing had to change"),
    repeated: z.literal(true).optional().describe("an undo that was done before, and changed nothing this time"),
  })
  .meta({ id: "Rewind" });
export type RewindAnswer = z.output<typeof answer>;

const started = z
  .object({
    job: z.string().describe("GET /jobs/{id} tells when it is done, with the answer as its result"),
    rewind_id: z.string(),
  })
  .meta({ id: "RewindStarted" });

export const rewindAnswer = answer;

export const rewindRoutes = {
  rewind: defineRoute({
    method: "POST",
    path: "/files/:id/rewind",
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
    access: "files:write",
    cost: "call",
    bodyKind: "none",
    changes: true,
    summary: "Undo a rewind; repeating the request returns the same answer",
    params: idParams,
    responses: { 200: answer, 202: started },
  }),
} as const;
