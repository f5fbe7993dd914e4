import type { CallRequest } from "@holdfast/api-client/request";
import type { groupRoutes } from "@holdfast/protocol/group-routes";
import type { RouteAnswer, RouteName, routes } from "@holdfast/protocol/routes";
import { newCommand } from "./command.ts";
import type { Run } from "./command.ts";

export type AdminRoute = RouteName & (`admin${string}` | keyof typeof groupRoutes);

/** Every administration command can also run beside the data, with nobody signed in. */
export function newAdminCommand(name: string, summary: string, examples: readonly string[]) {
  return newCommand(name, summary, examples).option(
    "--data <folder>",
    "use this data folder instead of the server that you are signed in to",
  );
}

/** One way for both: what the route answers, from the server or from the code behind the route. */
export async function adminCall<Name extends AdminRoute>(
  run: Run,
  data: unknown,
  name: Name,
  request: CallRequest<Name>,
): Promise<RouteAnswer<(typeof routes)[Name]>> {
  if (typeof data === "string") {
    const { runAdmin } = await import("@holdfast/server/admin");
    return (await runAdmin(data, name, request, run.context.environment)) as RouteAnswer<(typeof routes)[Name]>;
  }
  const { client } = await run.connect();
  const call = client.call.bind(client) as unknown as (name: Name, request: CallRequest<Name>) => Promise<unknown>;
  return (await call(name, request)) as RouteAnswer<(typeof routes)[Name]>;
}
