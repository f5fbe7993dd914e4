import type { RouteName } from "@holdfast/protocol/routes";
import { mayLinkCall } from "./authorisation-links.ts";

/** What an app password may call besides what a link may. */
const ofAppsToo: ReadonlySet<RouteName> = new Set(["getAccount", "getBlock", "listTrash", "listRecent", "getJob"]);

export function mayAppCall(name: RouteName): boolean {
  return (mayLinkCall[name] && name !== "getCurrentLink") || ofAppsToo.has(name);
}
