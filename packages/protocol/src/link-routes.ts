import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { node, role } from "./values.ts";

const linkToken = z.string().min(1).max(limits.tokenBytesMax);

const currentLink = z
  .object({
    node,
    role,
    owner_name: z.string(),
    has_password: z.boolean(),
    expires_at: z.string().nullable(),
    downloads_left: z.int().nullable().describe("null: as many as one likes"),
  })
  .meta({ id: "CurrentLink" });

/** What whoever has a link may do with it besides reading and changing what it shows. */
export const linkRoutes = {
  startLinkSession: defineRoute({
    method: "POST",
    path: "/links/session",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Exchange a link and its password for a token that works in the link's place",
    body: z.object({ token: linkToken, password: z.string().min(1).max(limits.passwordBytesMax) }),
    responses: {
      200: z.object({ access_token: z.string(), expires_in: z.int().describe("seconds") }),
    },
  }),
  getCurrentLink: defineRoute({
    method: "GET",
    path: "/links/current",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    summary: "What the link shows that the request carries, and what it allows",
    responses: { 200: currentLink },
  }),
};
