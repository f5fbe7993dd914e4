import { limits } from "@holdfast/core/limits";
import { type ReportingWorld, reportLink } from "../../features/reports/report-link.ts";
import { listReports } from "../../features/reports/list-reports.ts";
import { resolveReport, type ResolvingWorld } from "../../features/reports/resolve-report.ts";
import { addressGroup } from "../exchange/peer.ts";
import type { Handlers } from "../exchange/handler.ts";

export function reportHandlers(world: ReportingWorld) {
  return {
    reportLink: async ({ body, peer }) => {
      await reportLink(world, body, addressGroup(peer.address));
      return { status: 204 };
    },
  } satisfies Handlers;
}

export function reportCareHandlers(world: ResolvingWorld) {
  return {
    adminListReports: async ({ query }) => ({
      status: 200,
      json: await listReports(world.accounts.shards, {
        open: query.open === "true",
        limit: query.limit ?? limits.listItemsDefault,
        cursor: query.cursor,
      }),
    }),
    adminResolveReport: async ({ caller, params, body }) => ({
      status: 200,
      json: await resolveReport(world, caller, params.id, body.action),
    }),
  } satisfies Handlers;
}
