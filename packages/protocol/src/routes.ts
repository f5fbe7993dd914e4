import type { z } from "zod";
import { accessRuleRoutes } from "./access-rule-routes.ts";
import { accountRoutes } from "./account-routes.ts";
import { activityRoutes } from "./activity-routes.ts";
import { appPasswordRoutes } from "./app-password-routes.ts";
import { auditRoutes } from "./audit-routes.ts";
import { blockRoutes } from "./block-routes.ts";
import { changeRoutes } from "./change-routes.ts";
import { commentRoutes } from "./comment-routes.ts";
import { contentRoutes } from "./content-routes.ts";
import { deviceRoutes } from "./device-routes.ts";
import { addressRoutes } from "./address-routes.ts";
import { leaveRoutes } from "./leave-routes.ts";
import { groupRoutes } from "./group-routes.ts";
import { adminRoutes } from "./admin-routes.ts";
import { shardRoutes } from "./shard-routes.ts";
import { jobRoutes } from "./job-routes.ts";
import { linkRoutes } from "./link-routes.ts";
import { mailRoutes } from "./mail-routes.ts";
import { nodeRoutes } from "./node-routes.ts";
import { notificationRoutes } from "./notification-routes.ts";
import { oauthRoutes } from "./oauth-routes.ts";
import { operationRoutes } from "./operation-routes.ts";
import { outsideRoutes } from "./outside-routes.ts";
import { proofRoutes } from "./proof-routes.ts";
import { passwordRoutes } from "./password-routes.ts";
import { scrubRoutes } from "./scrub-routes.ts";
import { passkeyRoutes } from "./passkey-routes.ts";
import { secondFactorRoutes } from "./second-factor-routes.ts";
import { peopleRoutes } from "./people-routes.ts";
import { reportRoutes } from "./report-routes.ts";
import { rewindRoutes } from "./rewind-routes.ts";
import { searchRoutes } from "./search-routes.ts";
import { shredRoutes } from "./shred-routes.ts";
import { sharingRoutes } from "./sharing-routes.ts";
import { webhookRoutes } from "./webhook-routes.ts";
import type { Route } from "./route.ts";
import { signedUrlRoutes } from "./signed-url-routes.ts";
import { starRoutes } from "./star-routes.ts";
import { thumbRoutes } from "./thumb-routes.ts";
import { transferRoutes } from "./transfer-routes.ts";
import { usageRoutes } from "./usage-routes.ts";
import { versionRoutes } from "./version-routes.ts";
import { webSessionRoutes } from "./web-session-routes.ts";

/** All routes by name, for the server, OpenAPI and the authorization tests. */
export const routes = {
  ...accountRoutes,
  ...scrubRoutes,
  ...addressRoutes,
  ...leaveRoutes,
  ...proofRoutes,
  ...deviceRoutes,
  ...passwordRoutes,
  ...secondFactorRoutes,
  ...appPasswordRoutes,
  ...passkeyRoutes,
  ...oauthRoutes,
  ...webSessionRoutes,
  ...outsideRoutes,
  ...groupRoutes,
  ...accessRuleRoutes,
  ...peopleRoutes,
  ...nodeRoutes,
  ...changeRoutes,
  ...versionRoutes,
  ...usageRoutes,
  ...starRoutes,
  ...searchRoutes,
  ...contentRoutes,
  ...blockRoutes,
  ...signedUrlRoutes,
  ...thumbRoutes,
  ...sharingRoutes,
  ...webhookRoutes,
  ...linkRoutes,
  ...reportRoutes,
  ...rewindRoutes,
  ...transferRoutes,
  ...jobRoutes,
  ...adminRoutes,
  ...shardRoutes,
  ...shredRoutes,
  ...auditRoutes,
  ...mailRoutes,
  ...commentRoutes,
  ...activityRoutes,
  ...notificationRoutes,
  ...operationRoutes,
};
export type RouteName = keyof typeof routes;

export { routeUrl } from "./route.ts";

export type RouteBody<R extends Route> = R extends { body: infer B extends z.ZodType } ? z.output<B> : undefined;
export type RouteBodyInput<R extends Route> = R extends { body: infer B extends z.ZodType } ? z.input<B> : undefined;
export type RouteQuery<R extends Route> = R extends { query: infer Q extends z.ZodType } ? z.output<Q> : undefined;
export type RouteParams<R extends Route> = R extends { params: infer P extends z.ZodType } ? z.output<P> : undefined;
/** JSON of a successful response. */
export type RouteAnswer<R extends Route> = {
  [Status in keyof R["responses"]]: R["responses"][Status] extends infer S extends z.ZodType ? z.output<S> : never;
}[keyof R["responses"]];
