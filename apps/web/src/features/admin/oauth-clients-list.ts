import type { ProgramScope } from "@holdfast/protocol/scopes";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";

export type OauthClientJson = RouteAnswer<(typeof routes)["adminListOauthClients"]>["items"][number];

export const oauthClientsKey = ["admin-oauth-clients"] as const;

export const askedNames = {
  "files:read": "clients.scopeRead",
  "files:write": "clients.scopeWrite",
  account: "clients.scopeAccount",
  admin: "clients.scopeAdmin",
} as const satisfies Record<ProgramScope, string>;
