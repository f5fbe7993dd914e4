import type { CallRequest } from "@holdfast/api-client/request";
import type { groupRoutes } from "@holdfast/protocol/group-routes";
import type { RouteAnswer, RouteName, routes } from "@holdfast/protocol/routes";
import { newCommand } from "./command.ts";
import type { Run } from "./command.ts";

export type AdminRoute = RouteName & (`admin${string}` | keyof typeof groupRoutes);

/** Every administration command can also run beside the data, with nobody signed in. */
export function newAdminCommand(name: string, summary: string, examples: readonly string[], json?: string) {
  return newCommand(name, summary, examples, json).option(
    "--data <folder>",
    "use this data folder instead of the server that you are signed in to",
  );
}

/**
 * Reports what becomes of long work when Ctrl-C ends the command: a server continues its own, and work beside the data ends.
 * @param words the work as a noun, and how its result is shown later
 */
export async function reportedOnSignals<Result>(
  run: Run,
  data: unknown,
  { name, later }: { readonly name: string; readonly later: string },
  work: () => Promise<Result>,
): Promise<Result> {
  const { clearedOnSignals } = await import("../interruption.ts");
  const message =
    typeof data === "string"
      ? `interrupted; ${name} is unfinished. Run the same command again.`
      : `interrupted; the server continues ${name}. ${later}`;
  return clearedOnSignals(run, { clear: () => undefined, message }, work);
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
