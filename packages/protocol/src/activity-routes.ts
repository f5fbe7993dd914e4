import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { cursorText, idText, page, person } from "./values.ts";

export const activityVerbs = [
  "created",
  "edited",
  "renamed",
  "moved",
  "trashed",
  "restored",
  "purged",
  "shared",
  "unshared",
  "linked",
  "commented",
  "rewound",
] as const;
export type ActivityVerb = (typeof activityVerbs)[number];

const activity = z
  .object({
    id: z.string(),
    at: z.string().describe("time of the newest change"),
    since: z.string().describe("time of the oldest change"),
    actor: person,
    device: z
      .object({
        id: z.string(),
        name: z
          .string()
          .optional()
          .describe("name of the device, only for the caller's own devices, including signed-out ones"),
      })
      .optional(),
    verb: z.enum(activityVerbs),
    node: z
      .object({
        id: z.string(),
        name: z.string(),
        path: z.string().optional().describe("absent if it is in the trash or purged"),
        folder: z.string().optional().describe("path of the folder that it was in, if it is in the trash or purged"),
      })
      .describe("the newest node, or the new folder that contains most of them"),
    count: z.int().describe("number of files and folders"),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "Activity" });
export type ActivityJson = z.output<typeof activity>;

export const activityRoutes = {
  listActivity: defineRoute({
    method: "GET",
    path: "/activity",
    tag: "Comments and notices",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary: "List activity, newest first; many files of one action are one item",
    query: z.object({
      in: idText.optional().describe("a file, or a folder and everything below it"),
      actor: idText.optional(),
      limit: z.coerce.number().int().min(1).max(limits.activityItemsMax).optional(),
      cursor: cursorText.optional(),
    }),
    responses: { 200: page(activity) },
  }),
};
