import { routes } from "@holdfast/protocol/routes";
import type { RouteName } from "@holdfast/protocol/routes";
import type { Caller } from "../../features/accounts/context/caller.ts";
import type { Shards } from "../../base/db/shards.ts";
import { quotaExplainer } from "../../tree/read/explain-quota.ts";
import type { Handlers } from "../exchange/handler.ts";

type LooseHandler = (context: { readonly caller?: Caller }) => unknown;

/** Quota errors show owners what fills their space. */
export function withExplainedQuota(handlers: Handlers, shards: Shards): Handlers {
  const explained = (handler: LooseHandler): LooseHandler => {
    return async (context) => {
      const { caller } = context;
      try {
        return await handler(context);
      } catch (error) {
        throw await quotaExplainer(shards, caller)(error);
      }
    };
  };
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [
      name,
      routes[name as RouteName].access === "files:write" ? explained(handler as LooseHandler) : handler,
    ]),
  ) as Handlers;
}
