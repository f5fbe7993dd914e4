import { HoldfastError } from "@holdfast/core/errors";
import type { PermissionJson } from "@holdfast/protocol/sharing-routes";
import type { Drive } from "./drive.ts";

/** The address of a link by which anybody can view an item: of one that exists without further conditions, or of a new one. */
export async function viewerLink({ client }: Drive, id: string): Promise<string> {
  const { items } = await client.call("listPermissions", { params: { id } });
  for (const link of items.filter(isPlain)) {
    const address = await client.call("readLinkAddress", { params: { id: link.id } }).catch(unlessUnknown);
    if (address !== undefined) return address.url;
  }
  const { url = "" } = await client.call("shareNode", { params: { id }, body: { link: true, role: "viewer" } });
  return url;
}

/** The address of a link of somebody else, or of an earlier version, stays unknown. Any other failure must not create a second link. */
function unlessUnknown(thrown: unknown): undefined {
  if (thrown instanceof HoldfastError && (thrown.code === "forbidden" || thrown.code === "conflict")) return undefined;
  throw thrown;
}

function isPlain(permission: PermissionJson): boolean {
  const { grantee, role, app, disabled, has_password: hasPassword, inherited_from: above } = permission;
  const isViewers = grantee.kind === "link" && role === "viewer" && app !== true && above === undefined;
  const isLimited = permission.expires_at !== null || permission.max_downloads != null;
  return isViewers && !isLimited && hasPassword !== true && disabled !== true;
}
