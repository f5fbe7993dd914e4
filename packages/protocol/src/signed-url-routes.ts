import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { idText, nodeName } from "./values.ts";

const eachAlone = z.object({
  items: z
    .array(
      z.object({
        id: idText,
        version: z
          .union([z.int().min(1), z.string().min(1).max(64)])
          .optional()
          .describe("number or ID; default: the current newest version"),
        use: z.enum(["download", "media"]).describe("save the file, or show it if a browser can do so safely"),
      }),
    )
    .min(1)
    .max(limits.signedUrlsMax),
});
const allInOne = z.object({
  ids: z.array(idText).min(1).max(limits.zippedNodesMax),
  use: z.literal("zip"),
  name: nodeName.optional().describe("file name of the zip"),
});

/** URLs without a token, for resources that a browser loads itself: downloads, media and images. */
export const signedUrlRoutes = {
  createSignedUrls: defineRoute({
    method: "POST",
    path: "/signed-urls",
    tag: "Uploads and downloads",
    access: "files:read",
    callers: ["link", "app_password"],
    cost: "call",
    bodyKind: "json",
    summary:
      "Create addresses of content that work without a token for 15 minutes: one for each item, or one for a zip of all IDs",
    body: z.union([eachAlone, allInOne]),
    responses: {
      200: z.object({ urls: z.array(z.object({ url: z.string(), expires_at: z.string() })) }),
    },
  }),
  openSignedUrl: defineRoute({
    method: "GET",
    path: "/signed/:grant",
    tag: "Uploads and downloads",
    access: "signed",
    role: "blocks",
    errors: ["range", "damaged"],
    cost: "call",
    bodyKind: "none",
    summary: "Download by a signed address, while the account that requested it is signed in and may read the content",
    params: z.object({ grant: z.string().min(1).max(limits.signedUrlBytesMax) }),
    responses: { 200: "bytes", 206: "bytes", 304: "empty" },
  }),
};
