import type { z } from "zod";
import { accountRoutes } from "./account-routes.ts";
import { activityRoutes } from "./activity-routes.ts";
import { commentRoutes } from "./comment-routes.ts";
import { contentRoutes } from "./content-routes.ts";
import { groupRoutes } from "./group-routes.ts";
import { jobRoutes } from "./job-routes.ts";
import { linkRoutes } from "./link-routes.ts";
import { mailRoutes } from "./mail-routes.ts";
import { nodeRoutes } from "./node-routes.ts";
import { notificationRoutes } from "./notification-routes.ts";
import { operationRoutes } from "./operation-routes.ts";
import { peopleRoutes } from "./people-routes.ts";
import { rewindRoutes } from "./rewind-routes.ts";
import { sharingRoutes } from "./sharing-routes.ts";
import { webhookRoutes } from "./webhook-routes.ts";
import type { Route } from "./route.ts";
import { starRoutes } from "./star-routes.ts";
import { transferRoutes } from "./transfer-routes.ts";
import { versionRoutes } from "./version-routes.ts";

/** All routes by name: what the server mounts, what OpenAPI shows, what the authorisation tests walk through. */
export const routes = {
  ...accountRoutes,
  ...groupRoutes,
  ...peopleRoutes,
  ...nodeRoutes,
  ...versionRoutes,
  ...starRoutes,
  ...contentRoutes,
  ...sharingRoutes,
  ...webhookRoutes,
  ...linkRoutes,
  ...rewindRoutes,
  ...transferRoutes,
  ...jobRoutes,
  ...mailRoutes,
  ...commentRoutes,
  ...activityRoutes,
  ...notificationRoutes,
  ...operationRoutes,
};
export type RouteName = keyof typeof routes;
export const apiPrefix = "/api/v1";

export function routeUrl(route: Route): string {
  return route.outside === true ? route.path : apiPrefix + route.path;
}

export type RouteBody<R extends Route> = R extends { body: infer B extends z.ZodType } ? z.output<B> : undefined;
export type RouteBodyInput<R extends Route> = R extends { body: infer B extends z.ZodType } ? z.input<B> : undefined;
export type RouteQuery<R extends Route> = R extends { query: infer Q extends z.ZodType } ? z.output<Q> : undefined;
export type RouteParams<R extends Route> = R extends { params: infer P extends z.ZodType } ? z.output<P> : undefined;
/** What the route answers when it succeeds with JSON. */
export type RouteAnswer<R extends Route> = {
  [Status in keyof R["responses"]]: R["responses"][Status] extends infer S extends z.ZodType ? z.output<S> : never;
}[keyof R["responses"]];
