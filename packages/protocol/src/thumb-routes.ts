import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { idText } from "./values.ts";

const thumbSize = z
  .enum(["s", "m", "l"])
  .describe("256, 768 or 2,048 pixels on the longer edge, or the size of the picture if it is smaller");
export type ThumbSize = z.output<typeof thumbSize>;

export const thumbRoutes = {
  getThumb: defineRoute({
    method: "GET",
    path: "/thumbs/:content_id/:size",
    tag: "Uploads and downloads",
    access: "signed",
    role: "blocks",
    cost: "call",
    bodyKind: "none",
    summary: "Get the thumbnail of a picture as WebP, with the tag from a list instead of a token; it never changes",
    params: z.object({ content_id: idText, size: thumbSize }),
    query: z.object({
      t: z
        .string()
        .min(1)
        .max(limits.signedUrlBytesMax)
        .optional()
        .describe(
          "value `t` of the list that contains the picture; without it, a token is required and only the own space is searched",
        ),
    }),
    responses: { 200: "bytes", 304: "empty" },
  }),
};
