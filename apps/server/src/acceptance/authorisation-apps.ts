import type { RouteName } from "@holdfast/protocol/routes";
import { mayLinkCall } from "./authorisation-links.ts";

/** Routes for app passwords beyond those for links. */
const ofAppsToo: ReadonlySet<RouteName> = new Set(["getAccount", "getBlock", "listTrash", "listRecent", "getJob"]);

export function mayAppCall(name: RouteName): boolean {
  return (mayLinkCall[name] && name !== "getCurrentLink") || ofAppsToo.has(name);
}
