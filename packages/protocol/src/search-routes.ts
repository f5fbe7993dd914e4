import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { cursorText, idText, node, page, thumbTag } from "./values.ts";

const searchType = z.enum(["file", "folder", "image", "audio", "video", "document"]);
export type SearchType = z.output<typeof searchType>;

export const searchRoutes = {
  search: defineRoute({
    method: "GET",
    path: "/search",
    tag: "Files and folders",
    access: "files:read",
    callers: ["link", "app_password"],
    cost: "call",
    bodyKind: "none",
    summary: "Find files and folders by parts of their names",
    query: z.object({
      q: z
        .string()
        .max(limits.searchTextBytesMax)
        .optional()
        .describe(
          "words that the name must contain; case and accents are ignored; optional if another filter is given",
        ),
      type: searchType.optional(),
      owner: z
        .union([z.enum(["me", "others"]), idText])
        .optional()
        .describe("me, others, or the ID of an account"),
      modified: z.string().max(80).optional().describe("FROM..TO, as dates or times; one of them is optional"),
      in: idText.optional().describe("search below this folder only"),
      limit: z.coerce.number().int().min(1).max(limits.listItemsMax).optional(),
      cursor: cursorText.optional(),
    }),
    responses: { 200: page(node).extend({ t: thumbTag }) },
  }),
};
