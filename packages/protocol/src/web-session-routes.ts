import { z } from "zod";
import { beside, signInExample, signInFields } from "./account-routes.ts";
import { defineRoute } from "./route.ts";

/** Session of a browser. The refresh token is only in an HttpOnly cookie. */
export const webSession = z
  .object({
    access_token: z.string().describe("a JWT, 15 minutes"),
    expires_in: z.int().describe("seconds"),
  })
  .meta({ id: "WebSession" });

/** Sessions of browsers. Only these routes read a cookie, and only in requests of this server's pages. */
export const webSessionRoutes = {
  createWebSession: defineRoute({
    method: "POST",
    path: "/sessions/web",
    tag: "Sign-in",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    fromOwnPage: true,
    summary: "Sign in a browser with a password or a passkey; the refresh token is set as a cookie for this path",
    body: z
      .object(signInFields)
      .refine(...beside("email"))
      .refine(...beside("password"))
      .meta({ example: signInExample }),
    responses: { 200: webSession },
  }),
  refreshWebSession: defineRoute({
    method: "POST",
    path: "/sessions/web/refresh",
    tag: "Sign-in",
    access: "open",
    cost: "call",
    bodyKind: "json",
    fromOwnPage: true,
    summary: "Exchange the refresh token in the cookie for its successor and a fresh access token",
    body: z.object({}).optional(),
    responses: { 200: webSession },
  }),
  deleteWebSession: defineRoute({
    method: "DELETE",
    path: "/sessions/web",
    tag: "Sign-in",
    access: "open",
    endsSession: true,
    cost: "call",
    bodyKind: "none",
    fromOwnPage: true,
    summary: "Sign a browser out: ends its session immediately and removes the cookie",
    responses: { 204: "empty" },
  }),
};
